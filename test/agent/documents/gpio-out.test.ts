import { describe, expect, it } from 'vitest';
import type { GpioOutConfig } from '../../../agent/config/config.ts';
import { brief, gpioOut, planSwitch } from '../../../agent/documents/gpio-out.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { valueOf } from '../../support/value-of.ts';
import { openFailing } from './failing-output.ts';
import { watchSurroundings } from './surroundings.ts';

const config: GpioOutConfig = {
  driver: 'gpio-out',
  line: 'GPIO17',
  active: 'high',
  safe: { boot: false, exit: false, crash: false, configError: false },
  minDwellMs: 0,
  priority: 'normal',
  retained: 'refuse',
};

async function open(more: Partial<GpioOutConfig> = {}, failWritesAfterCount?: number) {
  const board = createMemoryBoard();
  const weather = failWritesAfterCount === undefined ? {} : { failWritesAfterCount };
  const surroundings = watchSurroundings({ gpio: createSimulatedGpio(board, { weather }) });
  const document = valueOf(await gpioOut.open({ ...config, ...more }, surroundings));
  return { document, wire: board.wire('GPIO17'), ...surroundings };
}

describe('a switch value', () => {
  it.each<Value>(['ON', 'on', 'On', 'true', 'TRUE', '1', 1, true])('%j is on', (value) => {
    expect(planSwitch(value)).toEqual({ ok: true, value: { do: 'set', on: true } });
  });

  it.each<Value>(['OFF', 'off', 'false', '0', 0, -0, false])('%j is off', (value) => {
    expect(planSwitch(value)).toEqual({ ok: true, value: { do: 'set', on: false } });
  });

  it.each<Value>([2, -1, 0.5, '', 'yes', ' on', null, [], [true], { on: true }, Uint8Array.of(1)])(
    '%j is none',
    (value) => {
      expect(planSwitch(value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
    },
  );

  it('is shown short in a refusal, however long it was', () => {
    expect(brief('x'.repeat(1_000))).toHaveLength(40);
    expect(brief(new Uint8Array(5))).toBe('5 bytes');
  });
});

describe('an output', () => {
  it.each([
    ['high', false, 0],
    ['high', true, 1],
    ['low', false, 1],
    ['low', true, 0],
  ] as const)('active %s, opened with boot %s, drives %i', async (active, boot, level) => {
    const { wire, changes } = await open({ active, safe: { ...config.safe, boot, exit: 'hold' } });
    expect([wire.level, changes]).toEqual([level, [boot]]);
  });

  it.each([
    ['high', 1],
    ['low', 0],
  ] as const)('active %s, switched on, drives %i', async (active, level) => {
    const { document, wire, changes } = await open({ active });
    expect(document.perform({ do: 'set', on: true })).toEqual({ ok: true, value: undefined });
    expect([wire.level, changes]).toEqual([level, [false, true]]);
    expect(document.probe()).toEqual({ ok: true, value: `reads back ${level}` });
  });

  it.each([
    [true, 1],
    [false, 0],
    ['hold', 1],
  ] as const)('with exit %s leaves the wire at %i', async (exit, level) => {
    const { document, wire, clock } = await open({ maxOnMs: 1_000, safe: { ...config.safe, exit } });
    await document.perform({ do: 'set', on: true });
    await document[Symbol.asyncDispose]();
    expect([wire.level, wire.holder, clock.timersCount]).toEqual([level, undefined, 0]);
  });

  it('whose level cannot be read where it is to be held leaves its line to whoever opens it next', async () => {
    const board = createMemoryBoard();
    const gpio = createSimulatedGpio(board);
    const unread = fail({ kind: 'io', operation: 'read', resource: 'GPIO17', detail: 'EIO' } as const);
    const openOutput: typeof gpio.openOutput = async (request) => {
      const opened = await gpio.openOutput(request);
      return opened.ok ? ok({ ...opened.value, readBack: () => unread }) : opened;
    };
    const held = { ...config, safe: { ...config.safe, boot: 'hold' } } as const;
    expect(await gpioOut.open(held, watchSurroundings({ gpio: { ...gpio, openOutput } }))).toEqual(unread);
    expect(board.wire('GPIO17').holder).toBeUndefined();
  });

  it('whose last write failed is not handed on, nor compared: nobody knows its level', async () => {
    const { document, troubles } = await open({ safe: { ...config.safe, crash: 'hold' } }, 0);
    await document.perform({ do: 'set', on: true });
    for (let round = 0; round < 3; round += 1) document.compare?.();
    expect(document.handOver?.()).toBeUndefined();
    expect(troubles).toHaveLength(1);
  });

  it('is well, and handed on again, once a write has succeeded', async () => {
    const { document, troubles, fails } = await openFailing();
    fails(1);
    await document.perform({ do: 'set', on: true });
    await document.perform({ do: 'set', on: true });
    expect(troubles).toMatchObject([{ kind: 'io' }, undefined]);
    expect(document.handOver?.()).toMatchObject({ isOn: true });
  });

  it('that was handed on does nothing any more, whatever waited for it', async () => {
    const { document, wire, clock } = await open({ maxOnMs: 1_000 });
    await document.perform({ do: 'set', on: true });
    expect(document.handOver?.()).toMatchObject({ isOn: true });
    expect(await document.perform({ do: 'set', on: false })).toMatchObject({ ok: false, error: { kind: 'closed' } });
    await clock.advance(1_000);
    expect([wire.level, clock.timersCount]).toEqual([1, 0]);
  });

  it('that fails to write keeps its state untold', async () => {
    const { document, changes } = await open({}, 0);
    expect(document.perform({ do: 'set', on: true })).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(changes).toEqual([false]);
  });
});
