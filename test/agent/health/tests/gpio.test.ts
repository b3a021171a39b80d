import { symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { chipsTest, loopbackTest, noLoopback } from '../../../../agent/health/tests/gpio.ts';
import { parseLoopback } from '../../../../agent/health/tests/loopback-lines.ts';
import type { GpioBackend, Level } from '../../../../drivers/contract/digital.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../../drivers/gpio-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import { runTest } from '../../../support/run-test.ts';

/** What GPIO17 drives comes in at GPIO27, as a wire does it. `bend` is what a bad wire makes of it. */
function wired(bend: (level: Level, count: number) => Level | undefined = (level) => level): MemoryBoard {
  const board = createMemoryBoard();
  let count = 0;
  return {
    ...board,
    claim(line, consumer) {
      const claimed = board.claim(line, consumer);
      if (!claimed.ok || line !== 'GPIO17') return claimed;
      const hold = claimed.value;
      return ok({
        ...hold,
        drive(level: Level) {
          const driven = hold.drive(level);
          const bent = bend(level, (count += 1));
          if (bent !== undefined) board.wire('GPIO27').pull(bent);
          return driven;
        },
      });
    },
  };
}

const loopback = (board: MemoryBoard, togglesCount = 20) =>
  loopbackTest({
    clock: systemClock,
    gpio: ok(createSimulatedGpio(board)),
    output: 'GPIO17',
    input: 'GPIO27',
    togglesCount,
  });

describe('the loopback of two lines', () => {
  it('passes over a wire, tells the slowest answer, and leaves the lines free and low', async () => {
    const board = wired();
    const row = await runTest(loopback(board));
    expect(row).toMatchObject({ status: 'pass', detail: expect.stringContaining('20 changes seen') });
    expect(row.latency_us).toBeGreaterThan(0);
    const { level, holder } = board.wire('GPIO17');
    expect([level, holder, board.wire('GPIO27').holder]).toEqual([0, undefined, undefined]);
  });

  it.each([
    ['no wire', () => undefined, 'change 1 to 1: the other line reads 0'],
    ['a wire that is stuck at 1', () => 1 as const, 'change 1 to 1: no edge came'],
    ['a loose contact', (level: Level, count: number) => (count === 8 ? undefined : level), 'the other line reads'],
  ] as const)('finds %s', async (_, bend, detail) => {
    const row = await runTest(loopback(wired(bend)));
    expect(row).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(detail),
      fix: 'check the wire between GPIO17 and GPIO27',
    });
  });

  it('finds a line that somebody else holds, and says who', async () => {
    const board = wired();
    board.claim('GPIO27', 'blinky');
    expect(await runTest(loopback(board))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('held by blinky'),
    });
  });

  it('is only done when it was asked for', async () => {
    expect(await runTest(noLoopback)).toMatchObject({
      status: 'skip',
      fix: expect.stringContaining('--loopback 17:27'),
    });
  });

  it.each([
    ['17:27', { output: 'GPIO17', input: 'GPIO27' }],
    ['RELAY_1:GPIO27', { output: 'RELAY_1', input: 'GPIO27' }],
    ['17', undefined],
    ['17:17', undefined],
    ['17:27:22', undefined],
  ])('takes %s', (text, lines) => {
    expect(parseLoopback(text)).toEqual(lines);
  });
});

describe('the GPIO chips', () => {
  const chips: GpioBackend = { ...createSimulatedGpio(createMemoryBoard()), name: 'gpiochip' };

  it('that can be opened pass, others are named', async () => {
    const dev = await mkdtemp(path.join(tmpdir(), 'qn-dev-'));
    writeFileSync(path.join(dev, 'gpiochip0'), '');
    expect(await runTest(chipsTest({ backend: 'auto' }, ok(chips), dev))).toMatchObject({
      status: 'pass',
      detail: 'gpiochip: gpiochip0',
    });
    symlinkSync(path.join(dev, 'gone'), path.join(dev, 'gpiochip1'));
    expect(await runTest(chipsTest({ backend: 'auto' }, ok(chips), dev))).toMatchObject({
      status: 'fail',
      detail: `this user may not open ${path.join(dev, 'gpiochip1')}`,
      fix: expect.stringContaining('usermod -aG gpio'),
    });
    await rm(dev, { recursive: true });
  });

  it('are missed where the backend did not open', async () => {
    const error = {
      kind: 'absent',
      operation: 'open',
      resource: 'gpio',
      detail: 'there is no GPIO chip',
      fix: 'load it',
    } as const;
    expect(await runTest(chipsTest({ backend: 'auto' }, fail(error)))).toMatchObject({
      status: 'fail',
      fix: 'load it',
    });
  });

  it('of a simulated board are its folder', async () => {
    const test = (board: string) => runTest(chipsTest({ backend: 'simulated', board }, ok(chips)));
    expect(await test(tmpdir())).toMatchObject({ status: 'pass' });
    expect(await test(path.join(tmpdir(), 'no-such-board'))).toMatchObject({ status: 'fail' });
  });
});
