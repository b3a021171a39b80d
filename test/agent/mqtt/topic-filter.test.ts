import { describe, expect, it } from 'vitest';
import { isTopicFilter, isTopicName, matchesFilter } from '../../../agent/mqtt/topic-filter.ts';

const matches: readonly (readonly [filter: string, topic: string, isMatch: boolean])[] = [
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b', 'a', false],
  ['a/b', 'A/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['a/+', 'a/b/c', false],
  ['+/b', '/b', true],
  ['+', 'a', true],
  ['+', '/a', false],
  ['+/+', '/a', true],
  ['/+', '/a', true],
  ['a/+/c', 'a/b/c', true],
  ['a/+/c', 'a/b/d', false],
  ['#', 'a', true],
  ['#', 'a/b/c', true],
  ['#', '/', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'ab', false],
  ['a/+/#', 'a', false],
  ['a/+/#', 'a/b', true],
  ['a/', 'a', false],
  ['a', 'a/', false],
  ['#', '$SYS/uptime', false],
  ['+/uptime', '$SYS/uptime', false],
  ['$SYS/#', '$SYS/uptime', true],
  ['$SYS/+', '$SYS/uptime', true],
  ['a/#', 'a/$b', true],
];

describe('a topic filter', () => {
  it.each(matches)('%s against %s: %s', (filter, topic, isMatch) => {
    expect(isTopicFilter(filter)).toBe(true);
    expect(matchesFilter(filter, topic)).toBe(isMatch);
  });

  it.each(['', 'a/#/b', 'a#', '#a', 'a/b#', 'a+', '+a/b', 'a/+b/c', '++', 'nul\0', 'half \ud800'])(
    'is not %j',
    (text) => {
      expect(isTopicFilter(text)).toBe(false);
    },
  );

  it('has at most 65 535 bytes, not characters', () => {
    expect(isTopicFilter('a'.repeat(65_535))).toBe(true);
    expect(isTopicFilter('a'.repeat(65_536))).toBe(false);
    expect(isTopicFilter('ä'.repeat(32_768))).toBe(false);
  });
});

describe('a topic name', () => {
  it('has no wildcards', () => {
    expect(['a', 'a/b', '/', '$SYS/x', 'spaces are fine'].every(isTopicName)).toBe(true);
    expect(['', '+', 'a/#', 'a+b', 'nul\0'].some(isTopicName)).toBe(false);
  });
});
