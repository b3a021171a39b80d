import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { guard } from '../../../agent/guard/guard.ts';
import { type OutputPlan, parsePlan, planOutputs } from '../../../agent/guard/output-plan.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../../drivers/pwm-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

describe('the longest time on', () => {
  const after = ['crash', 'exit'] as const;
  const limitOf = (document: string, line: string) => ({ document, line, level: 0, forMs: 60_000, after }) as const;
  const limited: OutputPlan = {
    situation: 'crash',
    gpio: { backend: 'simulated', board: '/board' },
    powers: [],
    outputs: [
      { document: 'held', line: 'H' },
      { document: 'idle', line: 'I' },
      { document: 'off', line: 'O', level: 0 },
      { document: 'on', line: 'N', level: 1 },
    ],
    limits: [limitOf('held', 'H'), limitOf('idle', 'I'), limitOf('off', 'O'), limitOf('on', 'N')],
  };
  const said = `${JSON.stringify(limited)}\n`;
  const endsIn = async (...lines: readonly string[]) => {
    const input = (async function* () {
      for (const line of [said, ...lines]) yield Buffer.from(line);
    })();
    const gpio = createSimulatedGpio(createMemoryBoard());
    const clock = { ...createFakeClock(), monotonicMs: () => 1_000 };
    const backends = { openGpio: async () => ok(gpio), createPwm: () => createSimulatedPwm(), receive: () => [] };
    const { later } = await guard({ input, clock, ...backends });
    return later.map(({ output: { document, level }, atMs }) => `${document} ${level} at ${atMs}`);
  };

  test('goes on after a crash for what was on and is held, and begins for what is switched on', async () => {
    expect(await endsIn('limit ["held",1500]\n', 'limit ["off",1500]\n')).toEqual(['held 0 at 1500', 'on 0 at 61000']);
  });

  test('is over for what went off, and stays as it is with another plan', async () => {
    const lines = ['limit ["held",1500]\n', 'limit ["on",1700]\n', 'limit ["held",null]\n', said];
    expect(await endsIn(...lines)).toEqual(['on 0 at 1700']);
  });

  test('goes on after a good end only for what was on', async () => {
    expect(await endsIn('limit ["held",1500]\n', 'bye []\n')).toEqual(['held 0 at 1500']);
  });

  test('is in the plan where the output may be left on, and comes through a file', () => {
    const checked = checkConfig(
      `node: n
mqtt: { brokers: [{ url: "mqtt://h" }] }
gpio: { backend: simulated, board: /b }
documents:
  off: { driver: gpio-out, line: A, max-on: 1m }
  held: { driver: gpio-out, line: B, active: low, max-on: 1m, safe: { crash: hold, exit: hold } }
  on: { driver: gpio-out, line: C, max-on: 1m, safe: { crash: on } }
  free: { driver: gpio-out, line: D, max-on: 1m, safe: { crash: release, exit: release } }
  ever: { driver: gpio-out, line: E, safe: { crash: hold } }`,
      'c.yaml',
    );
    if (!checked.ok) throw new Error('a fault in the config of the test');
    const planned = planOutputs(checked.value.config, 'crash');
    const common = { forMs: 60_000 };
    expect(planned.limits).toEqual([
      { ...common, document: 'held', line: 'B', level: 1, after: ['crash', 'exit'] },
      { ...common, document: 'on', line: 'C', level: 0, after: ['crash'] },
    ]);
    expect(parsePlan(JSON.stringify(planned))).toEqual(planned);
    const { limits: _, ...old } = planned;
    expect(parsePlan(JSON.stringify(old))).toEqual({ ...planned, limits: [] });
    const damaged = JSON.stringify(planned).replace('60000', '"1m"');
    expect(parsePlan(damaged)).toBeUndefined();
  });
});
