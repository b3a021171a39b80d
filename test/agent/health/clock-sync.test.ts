import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askTimedated, clockSyncPlaces, createClockSync } from '../../../agent/health/clock-sync.ts';
import { clockAskEveryMs, clockAskFirstMs, clockAskSoonMs } from '../../../agent/trust/limits.ts';
import { addonFile } from '../../../drivers/native/addon-file.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-clock-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const silent = () => undefined;

test('where the kernel may not be asked, what timedated says counts as soon as it is known, and is asked less often then', async () => {
  const clock = createFakeClock();
  const answers = [false, true, true, undefined];
  let askedCount = 0;
  const ask = async () => answers[askedCount++];
  const isSynced = createClockSync(clock, { file: path.join(folder, 'synchronized'), kernel: silent, ask });
  expect([isSynced(), askedCount]).toEqual([false, 0]); // The start of the agent is not held up.
  await clock.advance(clockAskFirstMs);
  expect([isSynced(), isSynced(), askedCount]).toEqual([false, false, 1]); // One question at a time.
  await clock.advance(clockAskSoonMs - 1);
  expect([isSynced(), askedCount]).toEqual([false, 1]);
  await clock.advance(1);
  expect(isSynced()).toBe(false);
  await clock.advance(1);
  expect([isSynced(), askedCount]).toEqual([true, 2]);
  await clock.advance(clockAskEveryMs);
  expect([isSynced(), askedCount]).toEqual([true, 3]);
  await clock.advance(clockAskEveryMs);
  isSynced();
  await clock.advance(1);
  expect([isSynced(), askedCount]).toEqual([false, 4]); // Nobody can say any more.
});

const unasked = () => Promise.reject(new Error('asked'));

test('what the kernel says counts at once, and nobody else is asked', async () => {
  const clock = createFakeClock();
  let isKnown = false;
  const isSynced = createClockSync(clock, { file: path.join(folder, 'none'), kernel: () => isKnown, ask: unasked });
  await clock.advance(clockAskFirstMs + clockAskSoonMs);
  expect(isSynced()).toBe(false);
  isKnown = true;
  expect(isSynced()).toBe(true);
});

test.skipIf(!existsSync(addonFile('gpiochip.node')))(
  'the kernel of this machine is asked without another process',
  () => {
    vi.stubEnv('PATH', folder); // There is nothing to start in it.
    expect([true, false]).toContain(clockSyncPlaces().kernel());
  },
);

test('the file of systemd-timesyncd needs no question', async () => {
  const file = path.join(folder, 'synchronized');
  await writeFile(file, '');
  const isSynced = createClockSync(createFakeClock(), { file, kernel: silent, ask: unasked });
  expect(isSynced()).toBe(true);
});

test.each([
  ['echo yes', true],
  ['echo no', false],
  ['echo "Failed to connect to bus" >&2; exit 1', undefined],
  ['echo maybe', undefined],
])('a timedatectl that does `%s` says %s', async (script, expected) => {
  const program = path.join(folder, 'timedatectl');
  await writeFile(program, `#!/bin/sh\n[ "$*" = "show --property=NTPSynchronized --value" ] || exit 2\n${script}\n`);
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
  expect(await askTimedated()).toBe(expected);
});

test('no timedatectl at all says nothing', async () => {
  vi.stubEnv('PATH', folder);
  expect(await askTimedated()).toBeUndefined();
});
