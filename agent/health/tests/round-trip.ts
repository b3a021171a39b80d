import { decodeMessage, encodeMessage } from '../../qn/registry.ts';
import type { RoundTrip } from './memory.ts';

const encodings = ['json', 'cbor', 'compact'] as const;
const compact = { channel: 1, ackWanted: false, valueType: 'bool' } as const;
const nowMs = 1_780_000_000_000;

/** A command for a switch through each of the codecs in turn, the bytes lent by the pool in between. */
export const codecRoundTrip: RoundTrip = (index, lend) => {
  const encoding = encodings[index % encodings.length] ?? 'json';
  const id = BigInt(index + 1);
  const val = index % 2 === 0;
  const encoded = encodeMessage({ t: 'notify', id, val, ts: nowMs, compact }, encoding);
  if (!encoded.ok) return false;
  const decoded = decodeMessage(lend(encoded.value.bytes), { nowMs });
  return decoded.ok && decoded.value.t === 'notify' && decoded.value.id === id && decoded.value.val === val;
};
