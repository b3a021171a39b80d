import { expect, test } from 'vitest';
import { ok } from '../../../drivers/contract/result.ts';
import { receiveOutputs } from '../../../drivers/gpiochip/pass.ts';
import type { NativeLines } from '../../../drivers/native/addon.ts';
import { valueOf } from '../../support/value-of.ts';
import { createScriptedKernel } from './scripted-kernel.ts';

const some: NativeLines = {};

test.for([
  ['a line whose chip is gone costs none of the others', '["A","B","C"]', [some, undefined, some], ['A', 'C']],
  ['lines without their names are nobody’s', '["A"', [some, undefined], undefined],
] as const)('%s', ([, text, lines, resources]) => {
  const closed: unknown[] = [];
  const native = {
    ...valueOf(createScriptedKernel({ chips: [] }).load()),
    receiveLines: () => ({ ok: true, value: { text, lines } }) as const,
    close: (handle: NativeLines) => {
      closed.push(handle);
      return { ok: true, value: undefined } as const;
    },
  };
  const received = receiveOutputs(0, ok(native));
  const holds = typeof received === 'object' ? received.holds.map(({ resource }) => resource) : undefined;
  expect(holds).toEqual(resources);
  expect(closed).toEqual(resources === undefined ? [some] : []);
});
