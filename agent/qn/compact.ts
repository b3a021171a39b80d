import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { type CompactValueType, compactValueTypes, type Kind, kinds, type Priority } from './message.ts';
import type { Reason, Refusal } from './reason.ts';

/*
 *   0    1             2              3        5     9           13     17
 *   +----+------+------+--------------+--------+-----+-----------+-------+
 *   | Q  | kind | type | ..clk ack pri| channel| id  | ts, low 32| value |   big-endian, QN-3.3
 *   +----+------+------+--------------+--------+-----+-----------+-------+
 */
export const compactBytes = 17;
/** `Q` */
export const compactFirstByte = 0x51;

/** The 17 bytes as plain fields, before anything is made of them. */
export interface CompactFields {
  readonly kind: Kind;
  readonly vtype: CompactValueType;
  /** null where there is none; i32, u32, f32 and milli are numbers. */
  readonly value: null | boolean | number;
  readonly channel: number;
  readonly id: number;
  /** Low 32 bits of milliseconds since 1970. */
  readonly ts: number;
  readonly pri: Priority;
  readonly ack: boolean;
  /** Place in the table of clock qualities. */
  readonly clk: 0 | 1 | 2;
}

/** A refusal carries the id when all 17 bytes are there (QN-3.4). Reserved bits and unused value bits must be zero. */
export function decodeCompact(bytes: Uint8Array): Result<CompactFields, Refusal> {
  if (bytes.length !== compactBytes || bytes[0] !== compactFirstByte) {
    const detail = `compact: expected ${compactBytes} bytes beginning with 0x51, got ${bytes.length}`;
    return fail({ reason: 'malformed', detail });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, compactBytes);
  const id = view.getUint32(5);
  const refuse = (reason: Reason, detail: string) => fail({ reason, detail: `compact: ${detail}`, id: BigInt(id) });

  const kindNumber = view.getUint8(1) >> 4;
  const kind = kinds[kindNumber - 1];
  if (kind === undefined) return refuse('unknown-type', `unknown kind ${kindNumber}`);
  const vtype = compactValueTypes[view.getUint8(1) & 0x0f];
  if (vtype === undefined) return refuse('malformed', `unknown value type ${view.getUint8(1) & 0x0f}`);
  const flags = view.getUint8(2);
  if (flags >> 5 !== 0) return refuse('malformed', `reserved flags are set: 0x${flags.toString(16)}`);
  const clk = (flags >> 3) & 3;
  if (clk === 3) return refuse('malformed', 'unknown clock quality 3');
  const value = readValue(view, vtype);
  if (value === undefined) return refuse('malformed', `the value bytes are no ${vtype}`);
  const stamps = { channel: view.getUint16(3), id, ts: view.getUint32(9) };
  return ok({
    kind,
    vtype,
    value,
    ...stamps,
    pri: priorityOfBits(flags),
    ack: (flags & 4) !== 0,
    clk: clockOfBits(clk),
  });
}

/**
 * Into `target` when one is given, so that the hot path needs no new buffer. Numbers are rounded to what the value type
 * can hold; one beyond its range fails with `unsupported`, and `target` is then undefined.
 */
export function encodeCompact(
  fields: CompactFields,
  target: Uint8Array = new Uint8Array(compactBytes),
): Result<Uint8Array, Refusal> {
  const view = new DataView(target.buffer, target.byteOffset, compactBytes);
  view.setUint8(0, compactFirstByte);
  view.setUint8(1, ((kinds.indexOf(fields.kind) + 1) << 4) | compactValueTypes.indexOf(fields.vtype));
  view.setUint8(2, fields.pri | (fields.ack ? 4 : 0) | (fields.clk << 3));
  view.setUint16(3, fields.channel);
  view.setUint32(5, fields.id);
  view.setUint32(9, fields.ts);
  if (!writeValue(view, fields.vtype, fields.value)) {
    const detail = `compact: ${String(fields.value)} is no ${fields.vtype}`;
    return fail({ reason: 'unsupported', detail });
  }
  return ok(target);
}

function priorityOfBits(flags: number): Priority {
  const bits = flags & 3;
  return bits === 0 || bits === 1 || bits === 2 ? bits : 3;
}

function clockOfBits(bits: number): 0 | 1 | 2 {
  return bits === 0 || bits === 1 ? bits : 2;
}

const valueOffset = 13;

function readValue(view: DataView, vtype: CompactValueType): null | boolean | number | undefined {
  const unsigned = view.getUint32(valueOffset);
  switch (vtype) {
    case 'none':
      return unsigned === 0 ? null : undefined;
    case 'bool':
      return unsigned < 2 ? unsigned === 1 : undefined;
    case 'i32':
      return view.getInt32(valueOffset);
    case 'u32':
      return unsigned;
    case 'f32': {
      const value = view.getFloat32(valueOffset);
      return Number.isFinite(value) ? value + 0 : undefined; // + 0 makes 0 of −0
    }
    case 'milli':
      return view.getInt32(valueOffset) / 1000;
  }
}

function writeValue(view: DataView, vtype: CompactValueType, value: null | boolean | number): boolean {
  if (vtype === 'none' || vtype === 'bool') {
    view.setUint32(valueOffset, value === true ? 1 : 0);
    return vtype === 'none' ? value === null : typeof value === 'boolean';
  }
  if (typeof value !== 'number') return false;
  if (vtype === 'f32') {
    view.setFloat32(valueOffset, value);
    return Number.isFinite(Math.fround(value));
  }
  const whole = Math.round(vtype === 'milli' ? value * 1000 : value);
  view.setInt32(valueOffset, whole); // the same bits as setUint32
  return vtype === 'u32' ? whole === whole >>> 0 : whole === (whole | 0);
}
