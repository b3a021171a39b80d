import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { poolBytes, poolProfiles, poolSlots } from '../../../agent/limits.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import { slotHolders } from '../../../agent/pool/pool-slot.ts';
import type { Slot } from '../../../agent/pool/slot.ts';
import { acquire, limits, sealed } from './rig.ts';

describe('a slot', () => {
  it.each([
    [0, 32],
    [32, 32],
    [33, 128],
    [128, 128],
  ])('for %i bytes has room for %i', (byteLength, capacity) => {
    const slot = acquire(sealed(), byteLength);
    expect([slot.payload.length, slot.length, slot.holder]).toEqual([capacity, 0, 'inbound']);
  });

  it('for more bytes than any has is not given, and counted apart', () => {
    const pool = sealed();
    expect(pool.acquire('inbound', 129)).toBeUndefined();
    expect([pool.stats().tooLarge, pool.stats().large.holders.inbound.refused]).toEqual([1, 0]);
  });

  it('shows the used part of what was written', () => {
    const slot = acquire(sealed());
    slot.payload.set([1, 2, 3, 4]);
    expect(slot.bytes()).toHaveLength(0);
    slot.setLength(3);
    expect(slot.bytes()).toEqual(new Uint8Array([1, 2, 3]));
    expect(slot.bytes()).toBe(slot.bytes());
  });

  it('takes a length up to its capacity', () => {
    const slot = acquire(sealed());
    slot.setLength(32);
    for (const length of [33, -1, 1.5, Number.NaN]) expect(() => slot.setLength(length)).toThrow(AssertionError);
    expect(slot.length).toBe(32);
  });

  it('is empty, and of another generation, when it is lent again', () => {
    const pool = sealed();
    const first = acquire(pool);
    const { generation } = first;
    first.setLength(5);
    pool.release(first);
    const second = acquire(pool);
    expect(second).toBe(first);
    expect([second.length, second.generation]).toEqual([0, generation + 1]);
  });

  it('counts its generations modulo 65 536', () => {
    const pool = sealed();
    for (let count = 0; count < 65_536; count += 1) pool.release(acquire(pool));
    expect(acquire(pool).generation).toBe(1);
    expect(pool.check()).toEqual([]);
  });

  it('that nobody holds cannot be read or written', () => {
    const pool = sealed();
    const slot = acquire(pool);
    pool.release(slot);
    expect(() => slot.bytes()).toThrow('small slot 0 is read although nobody holds it');
    expect(() => slot.setLength(1)).toThrow('small slot 0 is written although nobody holds it');
    expect(slot.holder).toBeUndefined();
  });
});

describe('a quota', () => {
  it('is lent but for what is to be spared, over both sizes', () => {
    const pool = sealed();
    const inboundCount = limits.small.quota.inbound + limits.large.quota.inbound;
    for (let count = 1; count < inboundCount; count += 1) expect(pool.acquire('inbound', 1, 1)).toBeDefined();
    expect(pool.acquire('inbound', 1, 1)).toBeUndefined();
    expect(pool.stats().small.holders.inbound.refused).toBe(1);
    expect(pool.acquire('inbound', 1)).toBeDefined();
  });

  it('of small slots that is used up goes on with large ones, then refuses and counts', () => {
    const pool = sealed();
    const capacities = Array.from({ length: 4 }, () => acquire(pool).payload.length);
    expect(capacities).toEqual([32, 32, 32, 128]);
    expect(pool.acquire('inbound', 8)).toBeUndefined();
    expect(pool.acquire('inbound', 33)).toBeUndefined();
    const { small, large } = pool.stats();
    expect(small.holders.inbound).toEqual({ used: 3, quota: 3, highWater: 3, refused: 1 });
    expect(large.holders.inbound).toEqual({ used: 1, quota: 1, highWater: 1, refused: 1 });
  });

  it('that is used up leaves everybody else theirs', () => {
    for (const greedy of slotHolders) {
      const pool = sealed();
      while (pool.acquire(greedy, 1) !== undefined);
      for (const other of slotHolders.filter((holder) => holder !== greedy)) {
        const wanted = limits.small.quota[other] + limits.large.quota[other];
        for (let count = 0; count < wanted; count += 1) expect(pool.acquire(other, 1)).toBeDefined();
        expect(pool.acquire(other, 1)).toBeUndefined();
      }
    }
  });

  it('moves with the slot, and refuses when the other is full', () => {
    const pool = sealed();
    const slots = [acquire(pool), acquire(pool), acquire(pool)] as const;
    slots[0].payload[0] = 9;
    slots[0].setLength(1);
    expect(pool.transfer(slots[0], 'executing')).toBe(true);
    expect([slots[0].holder, slots[0].bytes()]).toEqual(['executing', new Uint8Array([9])]);
    expect(pool.transfer(slots[0], 'executing')).toBe(true);
    expect(pool.transfer(slots[1], 'executing')).toBe(true);
    expect(pool.transfer(slots[2], 'executing')).toBe(false);
    expect(slots[2].holder).toBe('inbound');
    const { inbound, executing } = pool.stats().small.holders;
    expect([inbound.used, executing.used, executing.refused, inbound.highWater]).toEqual([1, 2, 1, 3]);
  });

  it('is free again after release, and the high-water mark stays', () => {
    const pool = sealed();
    const slots = [acquire(pool), acquire(pool)];
    for (const slot of slots) pool.release(slot);
    expect(pool.stats().small.holders.inbound).toEqual({ used: 0, quota: 3, highWater: 2, refused: 0 });
  });
});

describe('the life of a pool', () => {
  it('lends nothing before it is sealed and nothing after it is closed', () => {
    const pool = createPool(limits);
    expect(() => pool.acquire('inbound', 1)).toThrow('slots are lent by a sealed pool only; this one is open');
    pool.seal();
    expect(() => pool.seal()).toThrow('an open pool can be sealed; this one is sealed');
    pool.close();
    expect(() => pool.acquire('inbound', 1)).toThrow(AssertionError);
    expect(() => pool.seal()).toThrow(AssertionError);
  });

  it('does not end well while slots are held, and says who holds them', () => {
    const pool = sealed();
    const slots = [acquire(pool), acquire(pool, 100), acquire(pool, 1, 'framer')];
    expect(() => pool.close()).toThrow('slots were not released: inbound holds 2, framer holds 1');
    for (const slot of slots) pool.release(slot);
    expect(() => pool.close()).not.toThrow();
  });
});

describe('an assertion stops', () => {
  it('a second release', () => {
    const pool = sealed();
    const slot = acquire(pool);
    pool.release(slot);
    expect(() => pool.release(slot)).toThrow(
      'small slot 0 is released although nobody holds it: was it released twice?',
    );
    expect(pool.stats().small.used).toBe(0);
  });

  it('a slot of another pool', () => {
    const foreign = acquire(sealed());
    const pool = sealed();
    expect(() => pool.release(foreign)).toThrow('the slot is of another pool');
    expect(() => pool.transfer(foreign, 'outbox')).toThrow(AssertionError);
  });

  it('the transfer of a slot that nobody holds', () => {
    const pool = sealed();
    const slot = acquire(pool);
    pool.release(slot);
    expect(() => pool.transfer(slot, 'outbox')).toThrow(AssertionError);
  });

  it.each([-1, 1.5, Number.NaN])('a request for %d bytes', (byteLength) => {
    expect(() => sealed().acquire('inbound', byteLength)).toThrow(AssertionError);
  });
});

describe('the memory test', () => {
  it('passes over free slots and leaves held ones alone', () => {
    const pool = createPool(limits);
    expect(pool.marchTest()).toEqual([]);
    pool.seal();
    const slot = acquire(pool);
    slot.payload.fill(0x5a);
    expect(pool.marchTest()).toEqual([]);
    expect(slot.payload).toEqual(new Uint8Array(32).fill(0x5a));
    expect(pool.check()).toEqual([]);
  });
});

describe.each(['standard', 'tiny'] as const)('the %s pool', (name) => {
  const profile = poolProfiles[name];

  it('lends every slot it promises, at its full size, and takes them back', () => {
    const pool = sealed(profile);
    const slots: Slot[] = [];
    for (const holder of slotHolders) {
      for (let slot = pool.acquire(holder, 1); slot; slot = pool.acquire(holder, 1)) slots.push(slot);
    }
    expect(slots).toHaveLength(poolSlots(profile.small.quota) + poolSlots(profile.large.quota));
    for (const [index, slot] of slots.entries()) {
      slot.payload.fill(index);
      slot.setLength(slot.payload.length);
    }
    expect(pool.check()).toEqual([]);
    for (const [index, slot] of slots.entries()) expect(slot.bytes().every((byte) => byte === index % 256)).toBe(true);
    for (const slot of slots) pool.release(slot);
    expect(pool.marchTest()).toEqual([]);
    pool.close();
  });

  it('tells its size', () => {
    const pool = createPool(profile);
    expect(pool.stats()).toMatchObject({ bytesTotal: poolBytes(profile), payloadBytesMax: profile.large.payloadBytes });
    expect(pool.payloadBytesMax).toBe(profile.large.payloadBytes);
  });
});

it('lending and releasing grows nothing', () => {
  const pool = sealed(poolProfiles.standard);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 50_000; count += 1) {
    const slot = acquire(pool, count % 2_000);
    pool.transfer(slot, 'executing');
    pool.release(slot);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 * 1_024);
});
