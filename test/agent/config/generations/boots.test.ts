import { expect, test } from 'vitest';
import { type Boots, chooseBoot, decodeBoots, isInDoubt, noBoots } from '../../../../agent/config/generations/boots.ts';
import { failedBootsMax, failedConfigsMax } from '../../../../agent/config/limits.ts';

const candidates = ['new', 'before', 'file'];

/** Boots until the agent dies, so often, and says what was booted each time. */
function crash(
  count: number,
  from: Boots,
  kernelBoots: readonly string[] = ['k'],
): { booted: (string | undefined)[]; boots: Boots } {
  let boots = from;
  const booted = Array.from({ length: count }, (_, index) => {
    const chosen = chooseBoot(candidates, boots, kernelBoots[index % kernelBoots.length] ?? '');
    boots = chosen.boots;
    return chosen.content;
  });
  return { booted, boots };
}

test('three failed boots each: the new one, the one before, the file, and then the safe mode', () => {
  const { booted } = crash(11, noBoots);
  expect(booted).toEqual([
    'new',
    'new',
    'new',
    'before',
    'before',
    'before',
    'file',
    'file',
    'file',
    undefined,
    undefined,
  ]);
});

test('a boot that came to its mark makes the count begin anew', () => {
  const { boots } = crash(2, noBoots);
  const proven = { ...boots, count: 0, isProven: true };
  expect(crash(3, proven).booted).toEqual(['new', 'new', 'new']);
});

test('power cuts are no fault of a config that was proven, crashes are', () => {
  const proven: Boots = { ...noBoots, content: 'new', isProven: true, kernelBoot: 'k0' };
  const cuts = Array.from({ length: 10 }, (_, index) => `k${index + 1}`);
  expect(new Set(crash(10, proven, cuts).booted)).toEqual(new Set(['new']));
  expect(crash(failedBootsMax + 1, proven).booted.at(-1)).toBe('before');
});

test('a config that was never proven is given up by power cuts as well', () => {
  expect(crash(4, noBoots, ['k1', 'k2', 'k3', 'k4']).booted.at(-1)).toBe('before');
});

test('another content is another config, and begins with no failed boot', () => {
  const { boots } = crash(4, noBoots);
  expect(chooseBoot(['newest', ...candidates], boots, 'k')).toMatchObject({ content: 'newest', boots: { count: 1 } });
});

test.for<[string, Partial<Boots>, boolean]>([
  ['was given up', { failed: ['c'] }, true],
  ['began once and did not come to its mark', { content: 'c', count: 1 }, true],
  ['came to its mark before', { content: 'c', count: failedBootsMax - 1, isProven: true }, false],
  ['came to it before, and no more', { content: 'c', count: failedBootsMax, isProven: true }, true],
  ['is another one', { content: 'd', count: failedBootsMax, failed: ['d'] }, false],
])('a config that %s is in doubt: %j', ([, boots, expected]) => {
  expect(isInDoubt({ ...noBoots, ...boots }, 'c')).toBe(expected);
});

test('failed configs are forgotten, the oldest first', () => {
  let boots = noBoots;
  for (let index = 0; index < failedConfigsMax + 2; index += 1) {
    for (let boot = 0; boot <= failedBootsMax; boot += 1) boots = chooseBoot([`c${index}`, 'last'], boots, 'k').boots;
  }
  expect(boots.failed.length).toBeLessThanOrEqual(failedConfigsMax);
});

test.each(['', 'x', '{}', '{"content":1}', '{"content":"a","count":1,"kernelBoot":"k","failed":3}'])(
  '%j counts nothing',
  (text) => {
    expect(decodeBoots(text)).toEqual(noBoots);
  },
);

test('what is written is read again', () => {
  const { boots } = crash(5, noBoots);
  expect(decodeBoots(JSON.stringify(boots))).toEqual(boots);
});
