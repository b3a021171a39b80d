import { expect, test } from 'vitest';
import { loadCalmMs, loadLookMs } from '../../../agent/health/limits.ts';
import { LoadWatch } from '../../../agent/health/load-watch.ts';
import { openLog, silentLog } from '../../../agent/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test.each([
  ['long messages that find no room do not stop commands', { refused: 0, refusedLarge: 27 }, 2],
  ['short ones do', { refused: 1, refusedLarge: 0 }, 3],
  ['a few of either that find room are no load', { refused: 0, refusedLarge: 0 }, 0],
])('%s', async (_, refusals, level) => {
  const clock = createFakeClock();
  const none = { peak: 0, quota: 68, refused: 0, refusedLarge: 0 };
  const peaks = { inbound: { ...none, peak: 8, ...refusals }, executing: none, outbox: none, framer: none };
  using watch = new LoadWatch({ clock, log: silentLog, pool: { takePeaks: () => peaks } });
  watch.start({ overflows: () => 0, isConnected: () => true }, () => {});
  for (let look = 0; look < 5; look += 1) await clock.advance(loadLookMs);
  expect(watch.level).toBe(level);
});

test('the level of the load does not hide the level of its line in the log', async () => {
  const clock = createFakeClock();
  const lines: string[] = [];
  const identity = { service: 'qn-agent', env: 'test-bench', node: 'pi-1' };
  const log = openLog('info', identity, clock, { write: (line) => void lines.push(line) });
  const none = { peak: 0, quota: 68, refused: 0, refusedLarge: 0 };
  let peaks = { inbound: { ...none, peak: 68 }, executing: none, outbox: none, framer: none };
  using watch = new LoadWatch({ clock, log, pool: { takePeaks: () => peaks } });
  watch.start({ overflows: () => 0, isConnected: () => true }, () => {});
  await clock.advance(loadLookMs);
  peaks = { ...peaks, inbound: none };
  await clock.advance(loadCalmMs + 2 * loadLookMs);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'warn', degrade_level: 1, before: 0 },
    { level: 'info', degrade_level: 0, before: 1 },
  ]);
});
