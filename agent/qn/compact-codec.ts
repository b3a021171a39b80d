import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Codec } from './codec.ts';
import { type CompactFields, compactFirstByte, decodeCompact, encodeCompact } from './compact.ts';
import { isUnsigned } from './fields.ts';
import { type CompactPart, type CompactValueType, clockQualities, type Message, type Value } from './message.ts';
import { contradiction } from './raw-message.ts';
import { type Reason, type Refusal, reasonNumber, reasonOfNumber, type Status, statuses } from './reason.ts';

/**
 * QN-3.3. Encoding needs `compact`, an id below 2^32 and a `ts`. Left out without complaint, because the channel, the
 * link and the reason number stand for them: `src`, `doc`, `tr`, `detail`. Any other field that 17 bytes cannot say
 * fails with `unsupported`.
 */
export const compactCodec: Codec = {
  name: 'compact',
  contentType: 'application/vnd.qn.compact',
  claims: (firstByte) => firstByte === compactFirstByte,
  decode(bytes, context) {
    const decoded = decodeCompact(bytes);
    if (!decoded.ok) return decoded;
    const id = BigInt(decoded.value.id);
    if (context.kind !== undefined && context.kind !== decoded.value.kind) {
      return fail({ reason: 'unsupported', detail: contradiction(decoded.value.kind, context.kind), id });
    }
    const message = messageOf(decoded.value, context.nowMs);
    return message === undefined
      ? fail({ reason: 'malformed', detail: 'compact: the value is no status', id })
      : ok(message);
  },
  encode(message) {
    const fields = fieldsOf(message);
    return fields.ok ? encodeCompact(fields.value) : fields;
  },
};

/** Undefined: an ack without a valid status. */
function messageOf(fields: CompactFields, nowMs: number): Message | undefined {
  const { kind, vtype, value, pri, channel, ack } = fields;
  const clk = clockQualities[fields.clk];
  const compact: CompactPart = { channel, ackWanted: ack, valueType: vtype };
  const envelope = { id: BigInt(fields.id), ts: nearestStamp(fields.ts, nowMs), pri, clk, compact };
  switch (kind) {
    case 'ack': {
      const outcome = vtype === 'u32' && typeof value === 'number' ? outcomeOf(value) : undefined;
      return outcome && { ...envelope, t: kind, ...outcome };
    }
    case 'query':
    case 'health':
      return vtype === 'none' ? { ...envelope, t: kind } : { ...envelope, t: kind, val: value };
    default:
      return { ...envelope, t: kind, val: value };
  }
}

/** The time with these low 32 bits that lies nearest to `nowMs`. */
export function nearestStamp(low: number, nowMs: number): number {
  const span = 2 ** 32;
  const stamp = Math.floor(nowMs / span) * span + low;
  if (stamp - nowMs > span / 2) return stamp >= span ? stamp - span : stamp;
  return nowMs - stamp > span / 2 ? stamp + span : stamp;
}

interface Outcome {
  readonly st: Status;
  readonly why?: Reason;
}

function outcomeOf(value: number): Outcome | undefined {
  const st = statuses[value >>> 16];
  const number = value & 0xffff;
  const why = reasonOfNumber(number);
  if (st === undefined) return undefined;
  if (number === 0) return { st };
  return why === undefined ? undefined : { st, why };
}

/** What 17 bytes say, and what is said elsewhere. */
const expressible = new Set([
  't',
  'id',
  'ts',
  'pri',
  'clk',
  'val',
  'st',
  'why',
  'compact',
  'src',
  'doc',
  'tr',
  'detail',
]);

function fieldsOf(message: Message): Result<CompactFields, Refusal> {
  const { compact, id, ts, pri = 0, clk = 'boot' } = message;
  const lost = Object.keys(message).find((name) => !expressible.has(name));
  if (lost !== undefined) return unsupported(`field ${lost} does not fit in`);
  if (compact === undefined) return unsupported('the channel number is not known');
  if (!isUnsigned(compact.channel) || compact.channel > 0xffff) return unsupported(`channel ${compact.channel}`);
  if (id === undefined || id < 0n || id > 0xffff_ffffn) return unsupported('needs an id of 32 bits');
  if (!isUnsigned(ts)) return unsupported('needs a ts');
  const value = valueOf(message, compact);
  if (value === undefined) return unsupported(valueFault(compact.valueType));
  const clock = clk === 'synced' ? 0 : clk === 'estimated' ? 1 : 2;
  const stamps = { channel: compact.channel, id: Number(id), ts: ts % 2 ** 32 };
  return ok({ kind: message.t, vtype: compact.valueType, value, ...stamps, pri, ack: compact.ackWanted, clk: clock });
}

function valueOf(message: Message, compact: CompactPart): null | boolean | number | undefined {
  if (message.t !== 'ack') return message.why === undefined ? scalar(message.val ?? null) : undefined;
  if (compact.valueType !== 'u32' || message.val !== undefined) return undefined;
  const reason = message.why === undefined ? 0 : reasonNumber(message.why);
  return statuses.indexOf(message.st) * 2 ** 16 + reason;
}

function valueFault(valueType: CompactValueType): string {
  return valueType === 'none' ? 'the value is neither true, false nor a number' : `the value is no ${valueType}`;
}

function scalar(value: Value): null | boolean | number | undefined {
  return value === null || typeof value === 'boolean' || typeof value === 'number' ? value : undefined;
}

function unsupported(detail: string): Result<never, Refusal> {
  return fail({ reason: 'unsupported', detail: `compact: ${detail}` });
}
