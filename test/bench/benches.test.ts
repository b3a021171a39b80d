import { expect, test } from 'vitest';
import { benches } from './benches.ts';

test.for(Object.entries(benches))('the bench %s can be loaded', async ([, { load }]) => {
  expect(await load()).toBeTypeOf('function');
});
