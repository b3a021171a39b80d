import { describe, expect, it } from 'vitest';
import type { Slot } from '../../../agent/pool/slot.ts';
import { acquire, sealed } from './rig.ts';

/** The memory around a payload, which no holder should ever reach. */
function around(slot: Slot, offset: number): DataView {
  return new DataView(slot.payload.buffer, slot.payload.byteOffset + offset);
}

describe('damage', () => {
  it.each([
    ['in the front canary', -16, 'small slot 0: canary in front is damaged'],
    ['in the generation', -12, 'small slot 0: header is damaged'],
    ['in the length', -5, 'small slot 0: header is damaged'],
    ['in the checksum', -1, 'small slot 0: header is damaged'],
    ['in the tail canary', 32, 'small slot 0: canary behind the payload is damaged'],
  ])('%s is found by the check, and stops release', (_, offset, fault) => {
    const pool = sealed();
    const slot = acquire(pool);
    expect(pool.check()).toEqual([]);
    const place = around(slot, offset);
    place.setUint8(0, place.getUint8(0) ^ 0x40);
    expect(pool.check()).toEqual([fault]);
    expect(() => pool.release(slot)).toThrow(fault);
    place.setUint8(0, place.getUint8(0) ^ 0x40);
    pool.release(slot);
    expect(pool.check()).toEqual([]);
  });

  it('in a free slot stops it from being lent', () => {
    const pool = sealed();
    const slot = acquire(pool);
    pool.release(slot);
    around(slot, 32).setUint32(0, 0);
    expect(() => pool.acquire('inbound', 1)).toThrow('canary behind the payload is damaged');
  });

  it('by one byte too many hits the tail canary and nobody else', () => {
    const pool = sealed();
    const slots = [acquire(pool), acquire(pool)] as const;
    slots[1].payload.fill(7);
    slots[1].setLength(32);
    new Uint8Array(slots[0].payload.buffer, slots[0].payload.byteOffset, 33).fill(0xaa);
    expect(pool.check()).toEqual(['small slot 0: canary behind the payload is damaged']);
    expect(slots[1].bytes()).toEqual(new Uint8Array(32).fill(7));
  });
});
