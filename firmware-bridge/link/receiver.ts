/** The receiving half of numbered frames: takes them in order, each once (QN-8.3). A value. */
export interface Receiver {
  readonly expectedSeq: number;
  /** The gap at `expectedSeq` was told. */
  readonly isGapTold: boolean;
}

export const newReceiver: Receiver = { expectedSeq: 0, isGapTold: false };

/** `next` is delivered, the others are not; `duplicate` is acknowledged again, `gap` told, once for each place. */
export type Arrival = 'next' | 'duplicate' | 'gap' | 'gap-told';

export function arrivalOf({ expectedSeq, isGapTold }: Receiver, seq: number): Arrival {
  const ahead = (seq - expectedSeq) & 0xff;
  if (ahead === 0) return 'next';
  if (ahead >= 128) return 'duplicate';
  return isGapTold ? 'gap-told' : 'gap';
}

export function received(receiver: Receiver, arrival: Arrival): Receiver {
  if (arrival === 'next') return { expectedSeq: (receiver.expectedSeq + 1) & 0xff, isGapTold: false };
  return arrival === 'gap' ? { ...receiver, isGapTold: true } : receiver;
}

/** For the ACK: the last one that was delivered. */
export function lastSeq({ expectedSeq }: Receiver): number {
  return (expectedSeq - 1) & 0xff;
}
