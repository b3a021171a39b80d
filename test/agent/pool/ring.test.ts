import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring, type RingPolicy } from '../../../agent/pool/ring.ts';

function filled(policy: RingPolicy): Ring<string> {
  const ring = new Ring<string>(3, policy);
  for (const item of ['a', 'b', 'c']) expect(ring.push(item)).toBeUndefined();
  return ring;
}

describe('a full ring', () => {
  it('that refuses hands the new item back and counts it', () => {
    const ring = filled('refuse');
    expect(ring.push('d')).toBe('d');
    expect([...ring]).toEqual(['a', 'b', 'c']);
    expect(ring.lost).toBe(1);
  });

  it('that drops the oldest hands that back and counts it', () => {
    const ring = filled('drop-oldest');
    expect(ring.push('d')).toBe('a');
    expect([...ring]).toEqual(['b', 'c', 'd']);
    expect(ring.lost).toBe(1);
  });

  it('has room again after one was taken', () => {
    const ring = filled('refuse');
    expect(ring.shift()).toBe('a');
    expect(ring.push('d')).toBeUndefined();
    expect([...ring]).toEqual(['b', 'c', 'd']);
  });
});

describe('an empty ring', () => {
  it('has nothing to give', () => {
    const ring = new Ring<string>(1, 'refuse');
    expect([ring.shift(), ring.peek(), ring.count, ring.highWater]).toEqual([undefined, undefined, 0, 0]);
  });
});

it('a ring shows its oldest without giving it away', () => {
  const ring = filled('refuse');
  expect([ring.peek(), ring.count]).toEqual(['a', 3]);
});

it.each([0, -1, 1.5])('a ring of %d is a mistake', (capacity) => {
  expect(() => new Ring(capacity, 'refuse')).toThrow('a ring of');
});

it.each<RingPolicy>(['refuse', 'drop-oldest'])('a ring with policy %s does what a list would', (policy) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean()), (capacity, pushes) => {
      const ring = new Ring<number>(capacity, policy);
      const list: number[] = [];
      let lost = 0;
      for (const [item, isPush] of pushes.entries()) {
        if (!isPush) {
          expect(ring.shift()).toBe(list.shift());
          continue;
        }
        const isFull = list.length === capacity;
        if (isFull) lost += 1;
        const out = isFull ? (policy === 'refuse' ? item : list.shift()) : undefined;
        if (out !== item) list.push(item);
        expect(ring.push(item)).toBe(out);
        expect([[...ring], ring.count, ring.lost, ring.peek()]).toEqual([list, list.length, lost, list[0]]);
      }
      expect(ring.highWater).toBeLessThanOrEqual(capacity);
    }),
  );
});
