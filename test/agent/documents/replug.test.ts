import { closeSync, constants, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { SerialConfig } from '../../../agent/config/config.ts';
import { Lane } from '../../../agent/dispatch/lane.ts';
import { Board } from '../../../agent/documents/board.ts';
import { FoundRows } from '../../../agent/documents/found-rows.ts';
import type { Performed } from '../../../agent/documents/kind.ts';
import { createRow } from '../../../agent/documents/row.ts';
import { createSerialKind } from '../../../agent/documents/serial.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { fail } from '../../../drivers/contract/result.ts';
import { createSimulatedPwm } from '../../../drivers/pwm-simulated.ts';
import { openBytePort } from '../../../drivers/registry.ts';
import { type ReopenLimits, reopenLimits } from '../../../drivers/serial/reopening.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { fieldOf } from '../../support/plugged-agent.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { valueOf } from '../../support/value-of.ts';

/** A storm guard that does not mind, and waits that make a hundred rounds quick. */
const hurried: ReopenLimits = { ...reopenLimits, presenceEveryMs: 20, delayMsMin: 10, lossesCountMax: 1_000 };

async function openBoard(limits: ReopenLimits) {
  const folder = mkdtempSync(path.join(tmpdir(), 'replug-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const links = { left: path.join(folder, 'scale'), right: path.join(folder, 'peer') };
  const config: SerialConfig = {
    driver: 'serial-line',
    priority: 'normal',
    retained: 'refuse',
    port: links.left,
    settings: { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
    framing: { kind: 'delimiter', delimiter: '\n' },
    append: '',
    interByteMs: 60_000,
    frameBytesMax: 256,
  };
  const pool = createPool(poolProfiles.standard);
  pool.seal();
  const kind = createSerialKind(limits);
  const plain = createRow('serial.scale', config);
  const row = {
    ...plain,
    kind: { ...plain.kind, open: (around: Parameters<typeof kind.open>[1]) => kind.open(config, around) },
  };
  const events = createArrivals<Value>();
  const gpio = fail({ kind: 'absent', operation: 'open', resource: 'gpio', detail: 'none here' } as const);
  const dependencies = {
    clock: systemClock,
    log: silentLog,
    pool,
    random: Math.random,
    pwm: createSimulatedPwm(),
    memoryOf: () => ({ recall: () => undefined, keep() {}, touch() {} }),
    openBytePort,
    changed: () => undefined,
    removed() {},
    happened: (_document: string, value: Value) => events.push(value),
    troubleChanged: () => undefined,
    found: new FoundRows(),
  };
  const board = await Board.open(dependencies, gpio, [row]);
  const lane = new Lane(valueOf(board.document('serial.scale')));
  return { board, pool, lane, events, plug: () => openPtyPair(links), peer: links.right };
}

const isOpenEvent = (isOpen: boolean) => (value: Value) => fieldOf(value, 'open') === isOpen;

function endOf(result: Performed): 'ok' | 'closed' | 'other' {
  if (result.ok) return 'ok';
  return 'kind' in result.error && result.error.kind === 'closed' ? 'closed' : 'other';
}

/** Commands as fast as the lane takes them, and what became of each. */
function startLoad(lane: Lane) {
  const counts = { given: 0, ok: 0, closed: 0, other: 0 };
  const timer = setInterval(() => {
    while (!lane.isFull && counts.given - counts.ok - counts.closed - counts.other < 8) {
      counts.given += 1;
      lane.add({
        effect: { do: 'write', bytes: Buffer.from('tare\n') },
        begin: () => true,
        end: (result) => void (counts[endOf(result)] += 1),
      });
    }
  }, 5);
  return { counts, stop: () => clearInterval(timer) };
}

/** The device talks from now on: half a line at first, left over from before, then whole ones. */
function startDevice(peer: string, session: number) {
  const fd = openSync(peer, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const timer = setInterval(() => {
    try {
      writeSync(fd, `${session}:whole\n${session}:half`);
    } catch {
      clearInterval(timer); // EIO: it was unplugged while it talked.
    }
  }, 3);
  return () => {
    clearInterval(timer);
    closeSync(fd);
  };
}

/** Handles, timers and listeners of the process. */
function heldByLoop(): number {
  const listeners = process.eventNames().map((name) => process.listenerCount(name));
  return process.getActiveResourcesInfo().length + listeners.reduce((sum, count) => sum + count, 0);
}

describe.skipIf(ptyMissing !== undefined)(`a serial line${ptyMissing === undefined ? '' : ` (${ptyMissing})`}`, () => {
  test('that is unplugged a hundred times under load loses no answer, no slot and no file', {
    timeout: 120_000,
  }, async () => {
    const { board, pool, lane, events, plug, peer } = await openBoard(hurried);
    const load = startLoad(lane);
    let [filesCount, heldCount] = [0, 0];
    for (let session = 1; session <= 100; session += 1) {
      const pair = await plug();
      await events.next(isOpenEvent(true));
      const stop = startDevice(peer, session);
      const first = events.all.length;
      await events.next((value) => typeof value === 'string');
      await pair[Symbol.asyncDispose]();
      stop();
      await events.next(isOpenEvent(false));
      const frames = events.all.slice(first).filter((value) => typeof value === 'string');
      // Of this session only, whole or with the half before it; never one that began in another.
      for (const frame of frames) expect(frame).toMatch(new RegExp(`^(${session}:half)?${session}:whole$`));
      if (session === 5) [filesCount, heldCount] = [readdirSync('/proc/self/fd').length, heldByLoop()];
    }
    // A few may just be closing; one lost per round would be ninety-five.
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThan(filesCount + 5);
    await expect.poll(heldByLoop).toBeLessThan(heldCount + 5);
    load.stop();
    const { given, ok, closed, other } = load.counts;
    await expect.poll(() => load.counts.ok + load.counts.closed + load.counts.other).toBe(given);
    expect([ok > 100, closed > 100, other]).toEqual([true, true, 0]);
    const { small, large } = pool.stats();
    expect([small.holders.framer.used, large.holders.framer.used]).toEqual([1, 0]);
    await board[Symbol.asyncDispose]();
    pool.close(); // A slot that was not released is an assertion.
  });

  test('is open again within a second of its return', { timeout: 60_000 }, async () => {
    const { board, events, plug } = await openBoard(reopenLimits);
    for (let round = 0; round < 4; round += 1) {
      const pair = await plug();
      const startMs = performance.now();
      await events.next(isOpenEvent(true));
      expect(performance.now() - startMs).toBeLessThan(1_000);
      await pair[Symbol.asyncDispose]();
      await events.next(isOpenEvent(false));
    }
    await board[Symbol.asyncDispose]();
  });
});
