import { compactBytes, compactFirstByte } from './compact.ts';

/*
 * The one compact message that comes in streams, read in its place and without an object: a Notify (kind 4) whose value is
 * a boolean (type 1). The layout is drawn in compact.ts.
 */
const notifyOfBoolean = 0x41;
const reservedFlags = 0xe0;
const clockFlags = 0x18;
const ackFlag = 0x04;

/** The value; undefined: it is another message, or malformed. */
export function switchOf(bytes: Uint8Array): boolean | undefined {
  if (bytes.length !== compactBytes || bytes[0] !== compactFirstByte || bytes[1] !== notifyOfBoolean) return undefined;
  const flags = bytes[2] ?? 0;
  if ((flags & reservedFlags) !== 0 || (flags & clockFlags) === clockFlags) return undefined;
  if (bytes[13] !== 0 || bytes[14] !== 0 || bytes[15] !== 0) return undefined;
  return bytes[16] === 1 ? true : bytes[16] === 0 ? false : undefined;
}

export function compactIdOf(bytes: Uint8Array): number {
  return (((bytes[5] ?? 0) << 24) | ((bytes[6] ?? 0) << 16) | ((bytes[7] ?? 0) << 8) | (bytes[8] ?? 0)) >>> 0;
}

export function isAckWanted(bytes: Uint8Array): boolean {
  return ((bytes[2] ?? 0) & ackFlag) !== 0;
}

/** Channel 0 means "the topic says it" (QN-3.3). */
export function isChannelOf(bytes: Uint8Array, number: number | undefined): boolean {
  const channel = ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
  return channel === 0 || channel === number;
}
