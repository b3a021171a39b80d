import { describe, expect, test } from 'vitest';
import { unknownMember } from '../../../agent/documents/interlock.ts';
import { guard } from '../../../agent/guard/guard.ts';
import { type OutputPlan, parsePlan, planOutputs } from '../../../agent/guard/output-plan.ts';
import { deadTimeMsMax } from '../../../agent/limits.ts';
import type { Level } from '../../../drivers/contract/digital.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../../drivers/pwm-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { checkedOf } from '../../support/checked-config.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createHeldOutput, type HeldOutput } from '../../support/held-output.ts';

const hoist = `
  brake: { driver: gpio-out, line: B, interlock: hoist, max-on: 1m, safe: { crash: on } }
  up: { driver: gpio-out, line: U, interlock: hoist, dead-time: 500ms }
  down: { driver: gpio-out, line: D, active: low, interlock: hoist }`;

function planOf(documents: string, offs?: ReadonlyMap<string, number>): OutputPlan {
  const head = 'node: n\nmqtt: { brokers: [{ url: "mqtt://h" }] }\ngpio: { backend: simulated, board: /b }\ndocuments:';
  return planOutputs(checkedOf(`${head}${documents}`).config, 'crash', new Set(), offs);
}

/** The end of an agent that gave its guard these lines; the others are as the board has them. */
async function endAgent(
  plan: OutputPlan,
  held: readonly HeldOutput[],
  board = createMemoryBoard(),
  more: readonly string[] = [],
) {
  const input = (async function* () {
    for (const line of [JSON.stringify(plan), 'held', ...more]) yield Buffer.from(`${line}\n`);
  })();
  const clock = { ...createFakeClock(), monotonicMs: () => 1_000 };
  const openGpio = async () => ok(createSimulatedGpio(board));
  const guarding = await guard({
    input,
    clock,
    receive: () => held,
    createPwm: () => createSimulatedPwm(),
    openGpio,
  });
  return {
    driven: guarding.driven?.map(({ document, isDriven }) => `${document} ${isDriven}`),
    details: guarding.driven?.map(({ detail }) => detail),
    later: guarding.later.map(({ output: { document, level }, atMs }) => `${document} ${level} at ${atMs}`),
  };
}

describe('where a crash switches one output of an interlock group on', () => {
  const holdAll = (up: Level | undefined, failsCount = 0) => [
    createHeldOutput('B', { level: 0 }),
    createHeldOutput('U', { ...(up !== undefined && { level: up }), failsCount }),
    createHeldOutput('D', { level: 1 }),
  ];
  const written = (held: readonly HeldOutput[]) => held.map((output) => output.written.join(' '));

  test('it waits for the dead time after one that goes off, and its longest time on begins then', async () => {
    const held = holdAll(1);
    expect(await endAgent(planOf(hoist), held)).toMatchObject({
      driven: ['up true', 'down true'],
      later: ['brake 1 at 1500', 'brake 0 at 61500'],
    });
    expect(written(held)).toEqual(['', '0', '1']);
  });

  test('it is on at once where all others were off', async () => {
    const held = holdAll(0);
    expect(await endAgent(planOf(hoist), held)).toMatchObject({
      driven: ['up true', 'down true', 'brake true'],
      later: ['brake 0 at 61000'],
    });
    expect(written(held)).toEqual(['1', '0', '1']);
  });

  test.for([
    [600, ['brake 1 at 1100', 'brake 0 at 61100']],
    [500, ['brake 0 at 61000']],
    [9_999, ['brake 1 at 1500', 'brake 0 at 61500']], // Of a clock that is not ours: never longer than it can be.
  ] as const)('it waits for the rest of a dead time that began with the agent, at %s', async ([offMs, later]) => {
    const offs = new Map([
      ['up', 100],
      ['down', offMs],
    ]);
    expect((await endAgent(planOf(hoist, offs), holdAll(0))).later).toEqual(later);
  });

  test('it waits for the rest of the one that began with the start of the agent', async () => {
    const plan = planOf(hoist, new Map([[unknownMember, 600]]));
    expect((await endAgent(plan, holdAll(0))).later[0]).toBe('brake 1 at 1100');
  });

  test('one that was found on stays on for the rest of its longest time, and does not go on again after it', async () => {
    const held = holdAll(0);
    const plan = planOf(hoist, new Map([[unknownMember, 600]]));
    const { later } = await endAgent(plan, held, createMemoryBoard(), ['limit ["brake",1050]']);
    expect([later, held[0]?.written]).toEqual([['brake 0 at 1050'], []]);
  });

  test('it waits where nobody knows what another one was', async () => {
    const held = holdAll(undefined);
    expect((await endAgent(planOf(hoist), held)).later[0]).toBe('brake 1 at 1500');
    expect(written(held)).toEqual(['', '0', '1']);
  });

  test('it stays as it is where another one cannot be driven', async () => {
    const held = holdAll(1, 1);
    const { details, later } = await endAgent(planOf(hoist), held);
    expect(details?.at(-1)).toBe('brake is left as it is: up may be on');
    expect([written(held), later]).toEqual([['', '', '1'], ['brake 0 at 61000']]);
  });

  test('outputs of no group, and of another one, do not wait', async () => {
    const more = `
  lamp: { driver: gpio-out, line: L, safe: { crash: on } }
  open: { driver: gpio-out, line: O, interlock: gate, safe: { crash: on } }
  close: { driver: gpio-out, line: C, interlock: gate }`;
    const others = ['L', 'O', 'C'].map((line) => createHeldOutput(line, { level: 0 }));
    const { later } = await endAgent(planOf(hoist + more), [...holdAll(1), ...others]);
    expect(later[0]).toBe('brake 1 at 1500');
    expect(written(others)).toEqual(['1', '1', '0']);
  });

  test.for([
    [1, 0, ['brake 1 at 1500', 'brake 0 at 61500']],
    [0, 1, ['brake 0 at 61000']],
  ] as const)('it is the same for lines that nobody holds (up is %s)', async ([up, brake, later]) => {
    const board = createMemoryBoard();
    board.wire('U').pull(up);
    board.wire('D').pull(1);
    expect((await endAgent(planOf(hoist), [], board)).later).toEqual(later);
    expect(['B', 'U', 'D'].map((line) => board.wire(line).level)).toEqual([brake, 0, 1]);
  });
});

describe('the dead time in the plan', () => {
  const plan = planOf(hoist);
  const brake = (planned: OutputPlan | undefined) => planned?.outputs.find(({ document }) => document === 'brake');

  test('is the longest one of the group, and stands where one goes on', () => {
    expect(plan.outputs).toEqual([
      { document: 'up', line: 'U', level: 0 },
      { document: 'down', line: 'D', level: 1 },
      { document: 'brake', line: 'B', level: 1, deadTime: { after: ['up', 'down'], forMs: 500 } },
    ]);
  });

  test('comes through a file, and is none in a file of before', () => {
    for (const whole of [plan, planOf(hoist, new Map([['up', 100]]))])
      expect(parsePlan(JSON.stringify(whole))).toEqual(whole);
    const outputs = plan.outputs.map(({ deadTime: _, ...output }) => output);
    expect(parsePlan(JSON.stringify({ ...plan, outputs }))).toEqual({ ...plan, outputs });
  });

  test('is never longer than it can be', () => {
    const long = JSON.stringify(plan).replace('500', String(deadTimeMsMax + 1));
    expect(brake(parsePlan(long))?.deadTime?.forMs).toBe(deadTimeMsMax);
  });

  test.for([
    ['"forMs":500', '"forMs":"500ms"'],
    ['["up","down"]', '"up"'],
    ['{"after"', '7,"none":{"after"'],
  ] as const)('makes a plan none where it is damaged (row %#)', ([whole, damaged]) => {
    const text = JSON.stringify(plan).replace(whole, damaged);
    expect(text).not.toBe(JSON.stringify(plan));
    expect(() => JSON.parse(text)).not.toThrow();
    expect(parsePlan(text)).toBeUndefined();
  });
});
