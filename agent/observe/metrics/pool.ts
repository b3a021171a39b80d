import type { SlotHolder } from '../../limits.ts';
import type { PoolStats } from '../../pool/pool.ts';
import { counter, type Family, gauge, type Sample } from './family.ts';

const holderNames: readonly SlotHolder[] = ['inbound', 'executing', 'outbox', 'framer'];

export function poolMetrics({ bytesTotal, tooLarge, small, large }: PoolStats): readonly Family[] {
  type Figure = 'used' | 'quota' | 'highWater' | 'refused';
  const samples = (figure: Figure): readonly Sample[] =>
    [['small', small] as const, ['large', large] as const].flatMap(([slab, { holders }]) =>
      holderNames.map((holder): Sample => [{ slab, holder }, holders[holder][figure]]),
    );
  return [
    gauge('qn_pool_bytes', 'Memory of the pool.', bytesTotal),
    gauge('qn_pool_slots_used', 'Slots that are lent.', samples('used')),
    gauge('qn_pool_slots_quota', 'Slots a holder may have.', samples('quota')),
    gauge('qn_pool_slots_high_water', 'Most slots that were lent at a time.', samples('highWater')),
    counter('qn_pool_refused_total', 'Times a slot was refused because the quota was used up.', samples('refused')),
    counter('qn_pool_too_large_total', 'Times more bytes were asked for than any slot has.', tooLarge),
  ];
}
