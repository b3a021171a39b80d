import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { guard } from '../../../agent/guard/guard.ts';
import { linesHeldAtExit, type OutputPlan, parsePlan, planOutputs } from '../../../agent/guard/output-plan.ts';
import { guardClaimTriesMax, guardPlanBytesMax } from '../../../agent/limits.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createSimulatedPwm, type PwmWave } from '../../../drivers/pwm-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createHeldOutput, type HeldOutput } from '../../support/held-output.ts';

const plan: OutputPlan = {
  situation: 'crash',
  powers: [{ document: 'fan', chip: 'pwmchip0', channel: 1, frequencyHz: 1_000, duty: 0.25 }],
  gpio: { backend: 'simulated', board: '/board' },
  outputs: [
    { document: 'relay', line: 'A', level: 1 },
    { document: 'valve', line: { chip: 'c', offset: 3 }, level: 0 },
  ],
  limits: [],
};
const text = `${JSON.stringify(plan)}\n`;

function prepare() {
  const board = createMemoryBoard();
  const passed: HeldOutput[][] = [];
  const waves = new Map<string, PwmWave>();
  const pwm = createSimulatedPwm({ get: (name) => waves.get(name), set: (name, wave) => void waves.set(name, wave) });
  let waitsCount = 0;
  const whenWaiting: (() => void)[] = [];
  const clock = {
    monotonicMs: () => 1_000,
    after(_delayMs: number, action: () => void) {
      waitsCount += 1;
      whenWaiting.shift()?.();
      queueMicrotask(action);
      return { [Symbol.dispose]() {} };
    },
  };
  const run = (...said: readonly string[]) => {
    const input = (async function* () {
      for (const chunk of said) yield Buffer.from(chunk);
    })();
    const receive = () => passed.shift() ?? [];
    return guard({ input, clock, receive, createPwm: () => pwm, openGpio: async () => ok(createSimulatedGpio(board)) });
  };
  const pass = (...lines: readonly string[]) => {
    const outputs = lines.map((line) => createHeldOutput(line));
    passed.push(outputs);
    return outputs;
  };
  return { board, waves, run, pass, whenWaiting, waits: () => waitsCount };
}

describe('the guard', () => {
  test('drives what the plan says when the agent ends without a goodbye, and gives the lines back', async () => {
    const { board, waves, run } = prepare();
    board.wire('c:3').pull(1);
    expect((await run(text)).driven).toMatchObject([
      { document: 'relay', isDriven: true, detail: 'relay (A) to high' },
      { document: 'valve', isDriven: true, detail: 'valve (c:3) to low' },
      { document: 'fan', isDriven: true, detail: 'fan (pwmchip0:1) to 25 %' },
    ]);
    expect(waves.get('pwmchip0:1')).toEqual({ frequencyHz: 1_000, duty: 0.25 });
    expect([board.wire('A').level, board.wire('c:3').level]).toEqual([1, 0]);
    expect([board.wire('A').holder, board.wire('c:3').holder]).toEqual([undefined, undefined]);
  });

  test('does nothing after a goodbye, in however many pieces it comes', async () => {
    const { board, run } = prepare();
    expect(await run(text.slice(0, 9), text.slice(9), 'b', 'ye\n')).toEqual({
      plan,
      kept: [],
      later: [],
      limits: new Map(),
    });
    expect(board.wire('A').edges).toEqual([]);
  });

  test('half a goodbye is none', async () => {
    const { board, run } = prepare();
    await run(text, 'by');
    expect(board.wire('A').level).toBe(1);
  });

  test.for([[], ['{"gpio"'], ['not json\n'], ['x'.repeat(guardPlanBytesMax + 1)]])(
    'says so when there was no plan (row %#)',
    async (said) => {
      const { run } = prepare();
      expect((await run(...said)).driven).toEqual([
        { document: '', isDriven: false, detail: expect.stringContaining('plan') },
      ]);
    },
  );

  test('waits for a line that the dead agent still seems to hold', async () => {
    const { board, run, whenWaiting } = prepare();
    const claimed = board.claim('A', 'qn-agent');
    whenWaiting.push(
      () => {},
      () => claimed.ok && claimed.value.release(),
    );
    await run(text);
    expect(board.wire('A').level).toBe(1);
  });

  test('gives up a line that stays busy, and drives the others', async () => {
    const { board, run, waits } = prepare();
    board.wire('c:3').pull(1);
    board.claim('A', 'somebody');
    const { driven } = await run(text);
    expect(driven?.map(({ isDriven }) => isDriven)).toEqual([false, true, true]);
    expect([waits(), board.wire('c:3').level]).toEqual([guardClaimTriesMax - 1, 0]);
  });
});

describe('the guard holds the lines together with the agent', () => {
  const holding: OutputPlan = {
    ...plan,
    outputs: [
      { document: 'relay', line: 'A', level: 1 },
      { document: 'valve', line: { chip: 'c', offset: 3 } },
    ],
  };
  const said = `${JSON.stringify(holding)}\n`;

  test('and drives what is to be driven, holds what is to be held, lets go of what is not in the plan', async () => {
    const { board, run, pass } = prepare();
    const outputs = pass('A', 'c:3', 'gone');
    const { driven, kept } = await run(said, 'held\n');
    expect(outputs.map(({ isClosed }) => isClosed)).toEqual([false, false, true]);
    expect(driven).toMatchObject([
      { document: 'relay', isDriven: true, detail: 'relay (A) to high' },
      { document: 'valve', isDriven: false, detail: 'valve (c:3) held as it is' },
      { document: 'fan', isDriven: true },
    ]);
    expect(kept).toMatchObject([
      { resource: 'A', written: [1], isClosed: false },
      { resource: 'c:3', written: [], isClosed: false },
    ]);
    expect(board.wire('A').edges).toEqual([]); // Nothing was opened anew.
  });

  test('the newest lines are all there are; those before are let go of', async () => {
    const { run, pass } = prepare();
    const before = pass('A', 'c:3');
    pass('c:3');
    const { kept } = await run(said, 'held\nheld\n');
    expect(kept.map(({ resource }) => resource)).toEqual(['c:3']);
    expect(before.every(({ isClosed }) => isClosed)).toBe(true);
  });

  test('lines that came before it listened are not taken for those of an earlier word', async () => {
    const { run, pass } = prepare();
    pass('A', 'c:3');
    const { kept } = await run(said, 'none\nheld\n');
    expect(kept.map(({ resource }) => resource)).toEqual(['A', 'c:3']);
  });

  test('none is none', async () => {
    const { run, pass } = prepare();
    pass('A', 'c:3');
    const { kept } = await run(said, 'held\nnone\n');
    expect(kept).toEqual([]);
  });

  test('after a goodbye it keeps what it was asked to, and drives nothing', async () => {
    const { run, pass } = prepare();
    pass('A', 'c:3');
    const { driven, kept } = await run(said, 'held\n', 'bye ["c:3"]\n');
    expect(driven).toBeUndefined();
    expect(kept).toMatchObject([{ resource: 'c:3', written: [], isClosed: false }]);
  });

  test('a later plan takes the place of the first one', async () => {
    const { run, pass } = prepare();
    pass('A');
    const { kept } = await run(said, 'held\n', said.replace('"level":1', '"level":0'));
    expect(kept).toMatchObject([{ resource: 'A', written: [0] }]);
  });
});

describe('the plan', () => {
  test('has the outputs that the situation drives, as levels', () => {
    const checked = checkConfig(
      `node: n
mqtt: { brokers: [{ url: "mqtt://h" }] }
gpio: { backend: simulated, board: /b }
documents:
  on: { driver: gpio-out, line: { chip: c, offset: 1 }, safe: { crash: on, config-error: hold } }
  off: { driver: gpio-out, line: A }
  low: { driver: gpio-out, line: B, active: low }
  held: { driver: gpio-out, line: D, safe: { crash: hold, exit: hold } }
  input: { driver: gpio-in, line: E }
  fan: { driver: pwm-out, chip: pwmchip0, frequency: 100, scale: 100, safe: { crash: 30, config-error: hold } }`,
      'c.yaml',
    );
    if (!checked.ok) throw new Error('a fault in the config of the test');
    const { config } = checked.value;
    const levels = (situation: 'crash' | 'config-error') =>
      planOutputs(config, situation).outputs.map(({ document, level }) => `${document} ${level}`);
    expect(levels('crash')).toEqual(['off 0', 'low 1', 'on 1']); // Off first, however they are written.
    expect(levels('config-error')).toEqual(['off 0', 'low 1', 'held 0']);
    expect(planOutputs(config, 'crash', new Set(['held', 'on'])).outputs).toMatchObject([
      ...[{ document: 'off' }, { document: 'low' }],
      { document: 'held', level: 0 }, // In a pulse.
      { document: 'on', level: 1 },
    ]);
    expect(linesHeldAtExit(config)).toEqual(['D']);
    const fan = { document: 'fan', chip: 'pwmchip0', channel: 0, frequencyHz: 100, duty: 0.3 };
    expect(planOutputs(config, 'crash').powers).toEqual([fan]);
    expect(planOutputs(config, 'config-error').powers).toEqual([]);
    expect(planOutputs({ ...config, gpio: { backend: 'auto' } }, 'crash').outputs).toContainEqual({
      document: 'held',
      line: 'D',
    });
    const inMemory = { ...config, gpio: { backend: 'simulated' as const } };
    expect(planOutputs(inMemory, 'crash').outputs).toEqual([]);
  });

  test('comes through a file as it was', () => {
    expect(parsePlan(text)).toEqual(plan);
  });

  test.for([
    '',
    'null',
    '[]',
    '{}',
    '{"situation":"crash","gpio":{"backend":"none"},"outputs":[]}',
    text.replace('crash', 'boot'),
    text.replace('"duty"', '"power"'),
    text.replace('"A"', '7'),
    text.replace('1}', '2}'),
  ])('is none when anything in it is not as it should be (row %#)', (damaged) => {
    expect(parsePlan(damaged)).toBeUndefined();
  });
});
