import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { gcSampleMs, gcSampleOneIn } from '../../../agent/health/limits.ts';
import { observeGc } from '../../../agent/observe/gc-pauses.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** A full collection, and the turn of the loop in which Node tells it. */
async function collectAll(): Promise<void> {
  if (typeof collect === 'function') collect();
  await delay(20);
}

it('collections are looked at one second in twenty, and each that is seen counts twenty times', async () => {
  const clock = createFakeClock();
  using gc = observeGc(clock);
  const majors = () => gc.histograms.get('major')?.count ?? 0;
  await collectAll();
  await until(() => majors() >= gcSampleOneIn, 'a collection in the first second is seen');
  await clock.advance(gcSampleMs);
  const seen = majors();
  expect(seen % gcSampleOneIn).toBe(0);
  await collectAll();
  expect(majors(), 'between two looks').toBe(seen);
  await clock.advance((gcSampleOneIn - 1) * gcSampleMs);
  await collectAll();
  await until(() => majors() >= seen + gcSampleOneIn, 'a collection in the next look is seen');
  expect(gc.histograms.get('major')?.sumUs).toBeGreaterThan(0);
});

it('nothing is left of it when it is over', () => {
  const clock = createFakeClock();
  const gc = observeGc(clock);
  expect(clock.timersCount).toBe(1);
  gc[Symbol.dispose]();
  expect(clock.timersCount).toBe(0);
});
