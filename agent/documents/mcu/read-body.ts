import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import { bitsOf } from '../../../firmware-bridge/link/channel-value.ts';
import { cborCodec } from '../../qn/cbor-codec.ts';
import { type CompactFields, decodeCompact } from '../../qn/compact.ts';
import type { Message, Value } from '../../qn/message.ts';
import { type Refusal, reasonOfNumber, type Status, statuses } from '../../qn/reason.ts';

/** What a microcontroller says in a DATA frame, whichever form it has. */
export interface McuMessage {
  /** Compact: its number. CBOR: its name, as the CHANNEL frame has it. */
  readonly channel: number | string;
  /** On the clock over there, where it says when. */
  readonly stampMs?: number;
  readonly said: McuAck | McuValue;
}

export interface McuAck {
  readonly kind: 'ack';
  readonly id: number;
  readonly status: Status;
  readonly reason?: Refusal['reason'];
}

export interface McuValue {
  readonly kind: 'snapshot' | 'event';
  readonly value: Value;
  /** The compact form says it. */
  readonly valueType?: Channel['valueType'];
}

/** QN-8.7h. `nowMs`: wall clock. */
export function readBody(body: Uint8Array, nowMs: number): Result<McuMessage, Refusal> {
  const [first] = body;
  if (first !== undefined && cborCodec.claims(first)) {
    const decoded = cborCodec.decode(body, { nowMs });
    return decoded.ok ? ofCbor(decoded.value) : decoded;
  }
  const decoded = decodeCompact(body);
  return decoded.ok ? ofCompact(decoded.value) : decoded;
}

/** Whether this value is one of that channel; one of no type takes whatever CBOR can say. */
export function fits({ valueType }: Channel, { value, valueType: told }: McuValue): boolean {
  if (told !== undefined) return told === valueType;
  if (valueType === 'none') return true;
  return isScalar(value) && bitsOf(valueType, value) !== undefined;
}

function ofCompact({ kind, vtype, value, channel, id, ts, clk }: CompactFields): Result<McuMessage, Refusal> {
  const told = { channel, ...(clk === 2 && { stampMs: ts }) };
  if (kind === 'snapshot' || kind === 'event') return ok({ ...told, said: { kind, value, valueType: vtype } });
  if (kind !== 'ack') return fail(stranger(kind));
  const status = typeof value === 'number' ? statuses[value >>> 16] : undefined;
  if (status === undefined || typeof value !== 'number') return fail(malformed('compact: an ack without a status'));
  const reason = reasonOfNumber(value & 0xffff);
  return ok({ ...told, said: { kind, id, status, ...(reason !== undefined && { reason }) } });
}

function ofCbor(message: Message): Result<McuMessage, Refusal> {
  const { t, id, doc: channel, ts, clk } = message;
  if (t !== 'snapshot' && t !== 'event' && t !== 'ack') return fail(stranger(t));
  if (channel === undefined) return fail(malformed('CBOR: doc (key 3), the name of the channel, is missing'));
  const told = { channel, ...(clk === 'boot' && ts !== undefined && { stampMs: ts % 2 ** 32 }) };
  if (t !== 'ack') return ok({ ...told, said: { kind: t, value: message.val } });
  if (id === undefined) return fail(malformed('CBOR: id (key 1) of the command is missing in an ack'));
  const { st: status, why: reason } = message;
  return ok({ ...told, said: { kind: t, id: Number(id), status, ...(reason !== undefined && { reason }) } });
}

function isScalar(value: Value): value is null | boolean | number {
  return value === null || typeof value === 'boolean' || typeof value === 'number';
}

function stranger(kind: string): Refusal {
  return { reason: 'unsupported', detail: `a microcontroller tells snapshots, events and acks, no ${kind}` };
}

function malformed(detail: string): Refusal {
  return { reason: 'malformed', detail };
}
