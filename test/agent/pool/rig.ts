import type { PoolLimits } from '../../../agent/limits.ts';
import { createPool, type Pool } from '../../../agent/pool/pool.ts';
import type { Slot } from '../../../agent/pool/slot.ts';

/** Small enough to fill in a test; quotas differ. */
export const limits: PoolLimits = {
  small: { payloadBytes: 32, quota: { inbound: 3, executing: 2, outbox: 2, framer: 1 } },
  large: { payloadBytes: 128, quota: { inbound: 1, executing: 1, outbox: 1, framer: 1 } },
};

export function sealed(of: PoolLimits = limits): Pool {
  const pool = createPool(of);
  pool.seal();
  return pool;
}

export function acquire(pool: Pool, byteLength = 8, holder: Parameters<Pool['acquire']>[0] = 'inbound'): Slot {
  const slot = pool.acquire(holder, byteLength);
  if (slot === undefined) throw new Error('no slot');
  return slot;
}
