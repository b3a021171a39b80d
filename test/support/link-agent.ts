import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { Agent } from '../../agent/environment.ts';
import type { LinkHandlers } from '../../agent/mqtt/link.ts';
import { type MqttLinkOptions, openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import { startAgent } from '../../agent/start.ts';
import { composeStore } from '../../agent/store/compose.ts';
import { storeLimits } from '../../agent/store/limits.ts';
import { ThreadDisk } from '../../agent/store/thread-disk.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createSimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { checkedOf } from './checked-config.ts';
import { type LinkRecorder, recordLink } from './link-recorder.ts';
import { storeProgram } from './store-rigs.ts';
import { surroundingsOn } from './surroundings.ts';

export interface LinkAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly board: MemoryBoard;
  /** What the link told. */
  readonly told: LinkRecorder;
  /** The device at the other end of every serial port says a line. */
  talk(line: string): void;
}

export interface SlowStart {
  readonly clock?: Clock;
  /** What the driver of the pins waits for. */
  readonly opening?: Promise<void>;
}

/** The whole agent in this process: a simulated board in memory, a real store, and real links to real brokers. */
export async function startLinkAgent(
  documents: readonly string[],
  link: Pick<MqttLinkOptions, 'brokers' | 'rules' | 'username' | 'password'>,
  { clock = systemClock, opening }: SlowStart = {},
): Promise<LinkAgent> {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'link-agent-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const url = 'mqtt://127.0.0.1:1'; // of no consequence: `link` says which brokers
  const rows = documents.map((row) => `  ${row}\n`).join('');
  const { config } = checkedOf(`node: pi-1\nmqtt: { brokers: [{ url: "${url}" }] }\ndocuments:\n${rows}`);
  const board = createMemoryBoard();
  const serial = createSimulatedSerialPair();
  const told = recordLink();
  const around = surroundingsOn(board, clock);
  const agent = await startAgent(
    { config, hash: 'none' },
    {
      ...around,
      async openGpio() {
        await opening;
        return await around.openGpio();
      },
      openBytePort: async () => ok(serial.left),
      openStore: (onTrouble) =>
        composeStore(new ThreadDisk(systemClock, storeProgram, folder, storeLimits), { clock, onTrouble }),
      openLink({ suffix, ...role }, subscriptions, handlers) {
        const options = { ...link, clientId: `pi-1${suffix}`, ...role, subscriptions, keepaliveSeconds: 30 };
        return openMqttLink(around, options, suffix === '' ? tellBoth(handlers, told) : handlers);
      },
    },
  );
  stack.use(agent);
  return {
    agent,
    board,
    told,
    talk: (line) => void serial.right.write(Buffer.from(`${line}\n`), 1_000),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function tellBoth(first: LinkHandlers, { handlers: second }: LinkRecorder): LinkHandlers {
  return {
    ...first,
    onUp: (up) => (first.onUp(up), second.onUp(up)),
    onDown: (error) => (first.onDown(error), second.onDown(error)),
    onTrouble: (error) => (first.onTrouble(error), second.onTrouble(error)),
  };
}
