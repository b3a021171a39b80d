import { expect, test } from 'vitest';
import {
  freshReopening,
  type ReopenInput,
  type Reopening,
  reopenLimits,
  stepReopening,
} from '../../../drivers/serial/reopening.ts';

/** The waits after each of the inputs, one per `everyMs`. */
function waits(inputs: readonly ReopenInput[], random: number, everyMs = 1_000): readonly number[] {
  let state: Reopening = freshReopening;
  return inputs.map((input, index) => {
    const step = stepReopening(state, input, index * everyMs, () => random);
    state = step.next;
    return step.isStorm ? -step.delayMs : step.delayMs;
  });
}

test('a port that does not open is tried ever less often, from 250 ms to 30 s', () => {
  const inputs = Array<ReopenInput>(10).fill('busy');
  expect(waits(inputs, 1)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(waits(inputs, 0).at(0)).toBe(250);
  expect(waits(inputs, 0).at(-1)).toBe(15_000);
});

test('thousands of failures do not overflow the wait', () => {
  expect(waits(Array<ReopenInput>(5_000).fill('denied'), 1).at(-1)).toBe(30_000);
});

test('a port that is absent is looked for at a steady pace, always within 600 ms', () => {
  expect(waits(Array<ReopenInput>(50).fill('absent'), 0.999).every((ms) => ms > 500 && ms <= 600)).toBe(true);
  expect(waits(['absent'], 0)).toEqual([400]);
});

test('when it was absent in between, the back-off begins anew', () => {
  expect(waits(['busy', 'busy', 'busy', 'absent', 'busy'], 1).at(-1)).toBe(250);
});

test('opening begins the back-off anew', () => {
  expect(waits(['busy', 'busy', 'open', 'lost', 'busy'], 1)).toEqual([250, 500, 0, 250, 250]);
});

test('a port that flaps is left alone, and then has a fresh start', () => {
  const { lossesCountMax, stormPauseMs } = reopenLimits;
  const inputs = Array.from({ length: lossesCountMax + 1 }, () => ['open', 'lost'] as const).flat();
  const told = waits(inputs, 0, 100);
  expect(told.slice(0, -1).every((ms) => ms >= 0)).toBe(true);
  expect(told.at(-1)).toBe(-stormPauseMs);
  expect(waits([...inputs, 'open', 'lost'], 0, 100).at(-1)).toBe(250);
});

test('the same number of losses over a longer time is no storm', () => {
  const inputs = Array.from({ length: 100 }, () => ['open', 'lost'] as const).flat();
  expect(waits(inputs, 0, 5_000).every((ms) => ms >= 0)).toBe(true);
});

test('what is remembered stays bounded', () => {
  let state = freshReopening;
  for (let index = 0; index < 1_000; index += 1) {
    state = stepReopening(state, 'lost', index * 10, () => 0).next;
    expect(state.lossesMs.length).toBeLessThanOrEqual(reopenLimits.lossesCountMax);
  }
});
