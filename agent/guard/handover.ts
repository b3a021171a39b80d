import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import path from 'node:path';
import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { KeptLines } from '../../drivers/gpiochip/kept-lines.ts';
import type { ChipHold } from '../../drivers/gpiochip/lines.ts';
import { receiveOutputs, sendOutputs } from '../../drivers/gpiochip/pass.ts';
import { codeOf } from '../../drivers/system-error.ts';
import { type Clock, sleep } from '../clock.ts';
import { handoverMsMax, handoverTryEveryMs } from '../limits.ts';
import { socketNumber } from './socket-number.ts';

/** The door at which the next agent asks a guard for the lines. Only who may use the folder can get them. */
export interface Door extends Disposable {
  /**
   * Lines for whoever comes, or came already and is still there; resolves when somebody was given them, and when they
   * cannot be given. Before that nobody gets any.
   */
  handOver(outputs: readonly DigitalOutput[]): Promise<void>;
  /** False: somebody removed it, with its folder perhaps, and nobody finds it any more. */
  readonly isThere: boolean;
}

const doorPattern = /^guard-\d+\.sock$/;

/** One door for each guard, so that none can close that of another. Throws what the system says. */
export async function openDoor(folder: string, isAgentThere: () => boolean, send = sendOutputs): Promise<Door> {
  mkdirSync(folder, { recursive: true });
  const waiting: Socket[] = [];
  let came = Promise.withResolvers<void>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {}); // Whoever asked is gone again.
    if (isAgentThere()) return void socket.destroy();
    waiting.push(socket);
    came.resolve();
  });
  const opened = Promise.withResolvers<void>();
  server.once('error', opened.reject);
  const file = path.join(folder, `guard-${process.pid}.sock`);
  server.listen(file, opened.resolve);
  await opened.promise;
  server.unref();
  return {
    get isThere() {
      return existsSync(file);
    },
    async handOver(outputs) {
      server.ref();
      for (;;) {
        await came.promise;
        came = Promise.withResolvers();
        for (const socket of waiting.splice(0)) {
          const number = socketNumber(socket);
          const sent = number === undefined ? undefined : send(number, outputs);
          socket.end();
          if (sent !== undefined && (sent.ok || codeOf(sent.error.cause) !== 'EPIPE')) return;
        }
      }
    },
    [Symbol.dispose]: () => void server.close(),
  };
}

/** Takes the lines over from every guard of earlier agents that still keeps some. Waits for one that is just about to. */
export async function takeOverLines(folder: string, clock: Clock, kept = new KeptLines()): Promise<KeptLines> {
  const doors = namesIn(folder).filter((name) => doorPattern.test(name));
  const taken = await Promise.all(doors.map((name) => ask(path.join(folder, name), clock)));
  for (const hold of taken.flat()) kept.add(hold);
  return kept;
}

async function ask(door: string, clock: Clock): Promise<readonly ChipHold[]> {
  const socket = await knock(door);
  if (socket === undefined) {
    removeDead(door);
    return [];
  }
  const deadlineMs = clock.monotonicMs() + handoverMsMax;
  try {
    for (;;) {
      const number = socketNumber(socket);
      const received = number === undefined ? 'end' : receiveOutputs(number);
      if (typeof received === 'object') return received.holds;
      if (received === 'end' || clock.monotonicMs() > deadlineMs) return [];
      await sleep(clock, handoverTryEveryMs);
    }
  } finally {
    socket.destroy();
  }
}

/** Of a guard that was killed itself. */
function removeDead(door: string): void {
  try {
    rmSync(door, { force: true });
  } catch {
    // The disk is read-only, or it is another user's: the next agent asks there once more.
  }
}

/** Paused, so that Node reads nothing from it: the lines that come along would be lost. */
function knock(door: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(door);
    socket.pause();
    socket.on('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // No folder yet: this is the first agent here.
  }
}
