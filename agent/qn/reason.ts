/**
 * Why something was refused or failed (QN-4.5). The place in the table is the number of the compact form, beginning
 * with 1. The order is frozen; the table only ever grows at the end.
 */
export const reasons = [
  'malformed',
  'too-large',
  'unknown-document',
  'unknown-type',
  'out-of-range',
  'retained',
  'expired',
  'duplicate',
  'not-permitted',
  'unauthenticated',
  'busy',
  'overloaded',
  'interlocked',
  'driver-absent',
  'driver-denied',
  'driver-timeout',
  'driver-closed',
  'unsupported',
  'version-gap',
  'bad-signature',
  'stale-version',
  'incompatible',
  'self-test-failed',
  'rolled-back',
  'internal',
  'interrupted',
  'not-durable',
] as const;

export type Reason = (typeof reasons)[number];

/** States of a notify (QN-4). The place in the table is the number of the compact form, beginning with 0; frozen too. */
export const statuses = [
  'accepted',
  'executing',
  'successful',
  'failed',
  'rejected',
  'expired',
  'duplicate',
  'superseded',
] as const;

export type Status = (typeof statuses)[number];

/** What a peer sent and we will not take. `detail` names the field or byte, and the way out. */
export interface Refusal {
  readonly reason: Reason;
  readonly detail: string;
  /** The id of the refused message, where it could still be read, so that an ack can answer it (QN-3.4). */
  readonly id?: bigint;
}

/** 1 for `malformed` … */
export function reasonNumber(reason: Reason): number {
  return reasons.indexOf(reason) + 1;
}

export function reasonOfNumber(number: number): Reason | undefined {
  return reasons[number - 1];
}
