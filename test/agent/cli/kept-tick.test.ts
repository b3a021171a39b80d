import { executionAsyncResource } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { keepTick } from '../../../agent/cli/kept-tick.ts';

setFlagsFromString('--allow-natives-syntax'); // Of this worker only.
const areAlike = runInThisContext('(a, b) => %HaveSameMap(a, b)');

/** What Node.js makes for a tick. */
function nextTick(): Promise<object> {
  return new Promise((resolve) => {
    process.nextTick(() => resolve(executionAsyncResource()));
  });
}

test('a tick that is kept looks to V8 like those that come, until it is let go of', async () => {
  using kept = keepTick();
  const next = await nextTick();
  expect(kept.tick).not.toBe(next);
  expect(areAlike(kept.tick, next)).toBe(true);
  expect(areAlike(kept.tick, {})).toBe(false);
  kept[Symbol.dispose]();
  expect(kept.tick).toBeUndefined();
});
