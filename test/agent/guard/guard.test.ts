import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { guard } from '../../../agent/guard/guard.ts';
import { type OutputPlan, parsePlan, planOutputs } from '../../../agent/guard/output-plan.ts';
import { guardClaimTriesMax, guardPlanBytesMax } from '../../../agent/limits.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';

const plan: OutputPlan = {
  gpio: { backend: 'simulated', board: '/board' },
  outputs: [
    { document: 'relay', line: 'A', level: 1 },
    { document: 'valve', line: { chip: 'c', offset: 3 }, level: 0 },
  ],
};
const text = `${JSON.stringify(plan)}\n`;

function prepare() {
  const board = createMemoryBoard();
  let waitsCount = 0;
  const whenWaiting: (() => void)[] = [];
  const clock = {
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
    return guard({ input, clock, openGpio: async () => ok(createSimulatedGpio(board)) });
  };
  return { board, run, whenWaiting, waits: () => waitsCount };
}

describe('the guard', () => {
  test('drives what the plan says when the agent ends without a goodbye, and gives the lines back', async () => {
    const { board, run } = prepare();
    board.wire('c:3').pull(1);
    expect(await run(text)).toEqual([
      { document: 'relay', isDriven: true, detail: 'relay (A) to high' },
      { document: 'valve', isDriven: true, detail: 'valve (c:3) to low' },
    ]);
    expect([board.wire('A').level, board.wire('c:3').level]).toEqual([1, 0]);
    expect([board.wire('A').holder, board.wire('c:3').holder]).toEqual([undefined, undefined]);
  });

  test('does nothing after a goodbye, in however many pieces it comes', async () => {
    const { board, run } = prepare();
    expect(await run(text.slice(0, 9), text.slice(9), 'b', 'ye\n')).toBeUndefined();
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
      expect(await run(...said)).toEqual([{ document: '', isDriven: false, detail: expect.stringContaining('plan') }]);
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
    const driven = await run(text);
    expect(driven?.map(({ isDriven }) => isDriven)).toEqual([false, true]);
    expect([waits(), board.wire('c:3').level]).toEqual([guardClaimTriesMax - 1, 0]);
  });
});

describe('the plan', () => {
  test('has the outputs that the situation drives, as levels', () => {
    const checked = checkConfig(
      `node: n
mqtt: { brokers: [{ url: "mqtt://h" }] }
gpio: { backend: simulated, board: /b }
documents:
  off: { driver: gpio-out, line: A }
  low: { driver: gpio-out, line: B, active: low }
  on: { driver: gpio-out, line: { chip: c, offset: 1 }, safe: { crash: on, config-error: hold } }
  held: { driver: gpio-out, line: D, safe: { crash: hold } }
  input: { driver: gpio-in, line: E }`,
      'c.yaml',
    );
    if (!checked.ok) throw new Error('a fault in the config of the test');
    const { config } = checked.value;
    const levels = (situation: 'crash' | 'config-error') =>
      planOutputs(config, situation).outputs.map(({ document, level }) => `${document} ${level}`);
    expect(levels('crash')).toEqual(['off 0', 'low 1', 'on 1']);
    expect(levels('config-error')).toEqual(['off 0', 'low 1', 'held 0']);
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
    '{"gpio":{"backend":"none"},"outputs":[]}',
    text.replace('"A"', '7'),
    text.replace('1}', '2}'),
  ])('is none when anything in it is not as it should be (row %#)', (damaged) => {
    expect(parsePlan(damaged)).toBeUndefined();
  });
});
