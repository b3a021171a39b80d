import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { type CompactFields, decodeCompact } from '../qn/compact.ts';
import {
  type CompactPart,
  type CompactValueType,
  clockQualities,
  compactValueTypes,
  type Message,
} from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { fieldsOf } from '../qn/value.ts';

/** 17 bytes that are well formed but no message, such as an ack without a status: their plain fields, to look at. */
export function plainCompactJson(bytes: Uint8Array): string | undefined {
  const decoded = decodeCompact(bytes);
  if (!decoded.ok) return undefined;
  const { kind, vtype, value, channel, id, ts, pri, ack, clk }: CompactFields = decoded.value;
  const compact: CompactPart = { channel, ackWanted: ack, valueType: vtype };
  return JSON.stringify({ t: kind, id: String(id), ts, clk: clockQualities[clk], pri, val: value, compact });
}

/**
 * The message with the part that only the compact form says: from the field `compact` where it has one
 * (`{"channel": 1, "ackWanted": true, "valueType": "bool"}`, each may be absent), else channel 0, ack wanted, and the
 * smallest value type that holds the value.
 */
export function asCompact(message: Message, nowMs: number): Result<Message, Refusal> {
  const { channel = 0, ackWanted = true, valueType = valueTypeOf(message) } = fieldsOf(message.extra?.['compact']);
  if (typeof channel !== 'number' || !Number.isInteger(channel) || channel < 0 || channel > 65_535) {
    return fail({ reason: 'out-of-range', detail: 'compact.channel is a whole number from 0 to 65535' });
  }
  if (typeof ackWanted !== 'boolean')
    return fail({ reason: 'out-of-range', detail: 'compact.ackWanted is true or false' });
  const known = compactValueTypes.find((name) => name === valueType);
  if (known === undefined) {
    return fail({ reason: 'out-of-range', detail: `compact.valueType is one of ${compactValueTypes.join(', ')}` });
  }
  const { extra: _extra, ...rest } = message;
  return ok({ id: 0n, ts: nowMs, ...rest, compact: { channel, ackWanted, valueType: known } });
}

function valueTypeOf({ t, val }: Message): CompactValueType {
  if (t === 'ack') return 'u32';
  if (typeof val === 'boolean') return 'bool';
  if (typeof val !== 'number') return 'none';
  if (Number.isInteger(val)) return val <= 0x7fffffff ? 'i32' : 'u32';
  const isMilli = Math.abs(val) < 2_147_483 && Math.round(val * 1_000) / 1_000 === val;
  return isMilli ? 'milli' : 'f32';
}
