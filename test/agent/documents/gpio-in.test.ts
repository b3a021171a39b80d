import { describe, expect, it } from 'vitest';
import type { GpioInConfig } from '../../../agent/config/config.ts';
import { gpioIn } from '../../../agent/documents/gpio-in.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { valueOf } from '../../support/value-of.ts';
import { watchSurroundings } from './surroundings.ts';

const config: GpioInConfig = {
  driver: 'gpio-in',
  line: 'GPIO27',
  active: 'low',
  bias: 'pull-up',
  debounceMs: 0,
  storm: { ratePerS: 500, windowMs: 1_000, retryMs: 10_000 },
  priority: 'normal',
  retained: 'refuse',
};

async function open(more: Partial<GpioInConfig> = {}) {
  const board = createMemoryBoard();
  const surroundings = watchSurroundings({ gpio: createSimulatedGpio(board) });
  const document = valueOf(await gpioIn.open({ ...config, ...more }, surroundings));
  return { document, wire: board.wire('GPIO27'), ...surroundings };
}

describe('an input', () => {
  it('begins with the level it finds, which is a state and no event', async () => {
    const { changes, events } = await open();
    expect([changes, events]).toEqual([[false], []]); // Pulled up, active low.
  });

  it('tells each change as state and as event', async () => {
    const { wire, changes, events } = await open();
    wire.pull(0);
    wire.pull(1);
    expect([changes, events]).toEqual([
      [false, true, false],
      [true, false],
    ]);
  });

  it('takes no commands', async () => {
    expect(gpioIn.plan(config, true)).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  });

  it('can be asked for its level, and tells nothing after disposal', async () => {
    const { document, wire, events } = await open();
    expect(document.probe()).toEqual({ ok: true, value: 'reads 1' });
    await document[Symbol.asyncDispose]();
    wire.pull(0);
    expect([events, wire.holder]).toEqual([[], undefined]);
    expect(document.probe()).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });

  it('that cannot be opened says why', async () => {
    const opened = await gpioIn.open(config, watchSurroundings());
    expect(opened).toMatchObject({ ok: false, error: { kind: 'absent' } });
  });
});

describe('a debounced input', () => {
  it('tells a level once it was stable so long, and not a moment earlier', async () => {
    const { wire, clock, events } = await open({ debounceMs: 20 });
    wire.pull(0);
    await clock.advance(19);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual([true]);
  });

  it('counts from the last bounce', async () => {
    const { wire, clock, events } = await open({ debounceMs: 20 });
    for (const level of [0, 1, 0, 1, 0] as const) {
      wire.pull(level);
      await clock.advance(15);
    }
    expect(events).toEqual([]);
    await clock.advance(5);
    expect(events).toEqual([true]);
  });

  it('tells nothing of a bounce back to where it was', async () => {
    const { wire, clock, changes, events } = await open({ debounceMs: 20 });
    wire.pull(0);
    await clock.advance(10);
    wire.pull(1);
    await clock.advance(100);
    expect([changes, events]).toEqual([[false], []]);
  });

  it('tells nothing of a bounce back that was not read yet when the time was over', async () => {
    const board = createMemoryBoard();
    const wire = board.wire('GPIO27');
    const surroundings = watchSurroundings({ gpio: createSimulatedGpio(board) });
    const { clock, events } = surroundings;
    // The turn of the loop as it is after a stall: first the timer, then what came meanwhile.
    const after: typeof clock.after = (delayMs, action) =>
      clock.after(delayMs, () => {
        action();
        queueMicrotask(() => wire.pull(1));
      });
    valueOf(await gpioIn.open({ ...config, debounceMs: 20 }, { ...surroundings, clock: { ...clock, after } }));
    wire.pull(0);
    await clock.advance(100);
    expect([wire.level, events]).toEqual([1, []]);
  });

  it('tells a push that was read only after the release, by the stamps', async () => {
    const board = createMemoryBoard();
    let atMs = 0;
    const gpio = createSimulatedGpio(board, { nowNs: () => BigInt(atMs * 1e6) });
    const surroundings = watchSurroundings({ gpio });
    const { clock, events } = surroundings;
    valueOf(await gpioIn.open({ ...config, debounceMs: 20 }, surroundings));
    for (const [afterMs, level] of [
      [0, 0],
      [20, 1],
      [19, 0],
      [1, 1],
    ] as const) {
      atMs += afterMs;
      board.wire('GPIO27').pull(level);
    }
    expect(events).toEqual([true]);
    await clock.advance(20);
    expect(events).toEqual([true, false]);
  });

  it('forgets what was settling when it is disposed of', async () => {
    const { document, wire, clock, events } = await open({ debounceMs: 20 });
    wire.pull(0);
    await document[Symbol.asyncDispose]();
    await clock.advance(100);
    expect([events, clock.timersCount]).toEqual([[], 0]);
  });
});
