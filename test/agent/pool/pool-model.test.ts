import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slotHolders } from '../../../agent/pool/pool-slot.ts';
import type { Slot } from '../../../agent/pool/slot.ts';
import { limits, sealed } from './rig.ts';

it('any sequence of acquire, transfer and release keeps the books of a simple model', () => {
  const holders = fc.constantFrom(...slotHolders);
  const steps = fc.array(
    fc.oneof(
      fc.record({ act: fc.constant('acquire'), holder: holders, bytes: fc.integer({ min: 0, max: 140 }) }),
      fc.record({ act: fc.constant('transfer'), holder: holders, bytes: fc.nat(20) }),
      fc.record({ act: fc.constant('release'), holder: holders, bytes: fc.nat(20) }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      const pool = sealed();
      const held = new Map<Slot, { holder: (typeof slotHolders)[number]; size: 'small' | 'large'; mark: number }>();
      const used = (size: string, holder: string) =>
        [...held.values()].filter((entry) => entry.size === size && entry.holder === holder).length;
      const hasRoom = (size: 'small' | 'large', holder: (typeof slotHolders)[number]) =>
        used(size, holder) < limits[size].quota[holder];

      for (const [mark, { act, holder, bytes }] of sequence.entries()) {
        const entry = [...held][bytes % Math.max(1, held.size)];
        if (act === 'acquire') {
          const sizes = (['small', 'large'] as const).filter((size) => bytes <= limits[size].payloadBytes);
          const size = sizes.find((candidate) => hasRoom(candidate, holder));
          const slot = pool.acquire(holder, bytes);
          expect(slot?.payload.length).toBe(size && limits[size].payloadBytes);
          if (slot === undefined || size === undefined) continue;
          expect(held.has(slot)).toBe(false);
          slot.payload.fill(mark);
          slot.setLength(bytes);
          held.set(slot, { holder, size, mark });
        } else if (entry !== undefined && act === 'transfer') {
          const [slot, { size, holder: from, mark: content }] = entry;
          const isMoved = from === holder || hasRoom(size, holder);
          expect(pool.transfer(slot, holder)).toBe(isMoved);
          if (isMoved) held.set(slot, { holder, size, mark: content });
        } else if (entry !== undefined) {
          pool.release(entry[0]);
          held.delete(entry[0]);
        }
      }

      expect(pool.check()).toEqual([]);
      for (const [slot, { holder, mark }] of held) {
        expect(slot.holder).toBe(holder);
        expect(slot.bytes().every((byte) => byte === mark)).toBe(true);
      }
      for (const size of ['small', 'large'] as const) {
        for (const holder of slotHolders) expect(pool.stats()[size].holders[holder].used).toBe(used(size, holder));
      }
      for (const slot of held.keys()) pool.release(slot);
      pool.close();
    }),
    { numRuns: 300 },
  );
});
