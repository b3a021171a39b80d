import { linkBodyBytesMax, linkChannelNameBytesMax } from '../limits.ts';
import { bitsOf, type ChannelValue, valueOfBits } from './channel-value.ts';

/*
 * QN-8.2a; numbers are big-endian, and bytes behind the last field are ignored, so that a field can be added.
 *   HELLO    abi u16 · firmware version 3 × u8 · channel count u8 · max body u8 · nonce u16 · safe u8
 *   WELCOME  abi u16 · nonce u16 · watchdog ms u16 · max body u8
 *   CHANNEL  number u16 · kind u8 · name, and of an output its safe value: 0 u8 · value u32 as in the compact form
 *   ACK, NAK seq u8 · window or reason u8
 *   PING     ms u32            PONG  ms u32 · safe u8 · clock of the microcontroller, ms u32
 *   SAFE     safe u8           RESET scope u8            LOG  level u8 · text
 */

/** High byte major, low byte minor. Only the major number must agree. */
export const linkAbi = 0x0100;

/** Why the outputs are in their safe state; 0 when they are not (QN-8.4a). */
export const safeReasons = ['none', 'start', 'watchdog', 'asked', 'local'] as const;
export type SafeReason = (typeof safeReasons)[number];

export const resetScope = { session: 0, microcontroller: 1 } as const;

/** Numbers of QN-4.5 that a NAK carries. */
export const nakReason = { versionGap: 19, incompatible: 22 } as const;

export interface Hello {
  readonly abi: number;
  /** `1.2.3` */
  readonly firmwareVersion: string;
  readonly channelsCount: number;
  readonly bodyBytesMax: number;
  /** Another one in each greeting, so that an answer to the last one is known for what it is. */
  readonly nonce: number;
  readonly safe: SafeReason;
}

export interface Welcome {
  readonly abi: number;
  readonly nonce: number;
  readonly watchdogMs: number;
  readonly bodyBytesMax: number;
}

export const channelRoles = ['output', 'input'] as const;
export const channelValueTypes = ['none', 'bool', 'i32', 'u32', 'f32', 'milli'] as const;

export interface Channel {
  /** 1–65535, as in the compact form (QN-3.3). */
  readonly number: number;
  /** From the agent's side: an output is commanded, an input is told of. */
  readonly role: (typeof channelRoles)[number];
  readonly valueType: (typeof channelValueTypes)[number];
  /** A segment of a document name (QN-1.3). */
  readonly name: string;
  /** What the output is in the safe state; absent: the firmware does not say. */
  readonly safe?: ChannelValue;
}

export function encodeHello(hello: Hello): Uint8Array {
  const body = new Uint8Array(10);
  const view = new DataView(body.buffer);
  view.setUint16(0, hello.abi);
  for (const [index, part] of hello.firmwareVersion.split('.').slice(0, 3).entries())
    view.setUint8(2 + index, Number(part));
  view.setUint8(5, hello.channelsCount);
  view.setUint8(6, hello.bodyBytesMax);
  view.setUint16(7, hello.nonce);
  view.setUint8(9, safeReasons.indexOf(hello.safe));
  return body;
}

export function decodeHello(body: Uint8Array): Hello | undefined {
  if (body.length < 10) return undefined;
  const view = viewOf(body);
  const bodyBytesMax = Math.min(view.getUint8(6), linkBodyBytesMax);
  if (bodyBytesMax === 0) return undefined;
  return {
    abi: view.getUint16(0),
    firmwareVersion: body.subarray(2, 5).join('.'),
    channelsCount: view.getUint8(5),
    bodyBytesMax,
    nonce: view.getUint16(7),
    safe: safeReasonOf(view.getUint8(9)),
  };
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  const body = new Uint8Array(7);
  const view = new DataView(body.buffer);
  view.setUint16(0, welcome.abi);
  view.setUint16(2, welcome.nonce);
  view.setUint16(4, welcome.watchdogMs);
  view.setUint8(6, welcome.bodyBytesMax);
  return body;
}

export function decodeWelcome(body: Uint8Array): Welcome | undefined {
  if (body.length < 7) return undefined;
  const view = viewOf(body);
  const [abi, nonce, watchdogMs] = [view.getUint16(0), view.getUint16(2), view.getUint16(4)];
  return { abi, nonce, watchdogMs, bodyBytesMax: Math.min(view.getUint8(6), linkBodyBytesMax) };
}

export function encodeChannel({ number, role, valueType, name, safe }: Channel): Uint8Array {
  const kind = ((channelRoles.indexOf(role) + 1) << 4) | channelValueTypes.indexOf(valueType);
  const bits = safe === undefined ? undefined : bitsOf(valueType, safe);
  const tail = bits === undefined ? [] : [0, bits >>> 24, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff];
  return Uint8Array.of(number >> 8, number & 0xff, kind, ...new TextEncoder().encode(name), ...tail);
}

export function decodeChannel(body: Uint8Array): Channel | undefined {
  if (body.length < 4) return undefined;
  const [high = 0, low = 0, kind = 0] = body;
  const number = (high << 8) | low;
  const role = channelRoles[(kind >> 4) - 1];
  const valueType = channelValueTypes[kind & 0x0f];
  const end = body.indexOf(0, 3); // Behind a zero are the fields that were added later.
  const nameBytes = body.subarray(3, end < 0 ? body.length : end);
  const name = Buffer.from(nameBytes).toString('latin1');
  if (number === 0 || role === undefined || valueType === undefined) return undefined;
  if (nameBytes.length > linkChannelNameBytesMax || !/^[a-z0-9][a-z0-9_-]*$/.test(name)) return undefined;
  const safe = end < 0 || body.length < end + 5 ? undefined : valueOfBits(valueType, viewOf(body).getUint32(end + 1));
  return { number, role, valueType, name, ...(safe === undefined ? {} : { safe }) };
}

/** PING, and the same with what is said behind it as PONG. */
export function encodePing(ms: number): Uint8Array {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, ms);
  return body;
}

export interface Pong {
  readonly ms: number;
  readonly safe: SafeReason;
  /** Its own clock when it answered; it wraps. Firmware of before that field does not say. */
  readonly deviceMs?: number;
}

export function decodePong(body: Uint8Array): Pong | undefined {
  if (body.length < 5) return undefined;
  const view = viewOf(body);
  const own = body.length < 9 ? {} : { deviceMs: view.getUint32(5) };
  return { ms: view.getUint32(0), safe: safeReasonOf(body[4]), ...own };
}

export function encodeSafe(reason: SafeReason): Uint8Array {
  return Uint8Array.of(safeReasons.indexOf(reason));
}

/** A reason of a later version is `local`: somebody over there knows why. */
export function safeReasonOf(byte: number | undefined): SafeReason {
  return byte === undefined ? 'none' : (safeReasons[byte] ?? 'local');
}

/** Text of strangers: whatever is no printable ASCII becomes `?`. */
export function decodeLog(body: Uint8Array): { readonly level: number; readonly text: string } {
  const text = Buffer.from(body.subarray(1)).toString('latin1');
  return { level: body[0] ?? 0, text: text.replaceAll(/[^ -~]/g, '?') };
}

export function encodeLog(level: number, text: string): Uint8Array {
  return Uint8Array.of(level, ...Buffer.from(text, 'latin1').subarray(0, linkBodyBytesMax - 1));
}

function viewOf(body: Uint8Array): DataView {
  return new DataView(body.buffer, body.byteOffset, body.byteLength);
}
