import { encodeCobs } from '../../drivers/framing/cobs.ts';
import { linkBodyBytesMax, linkOverheadBytes } from '../limits.ts';
import { crc16 } from './crc16.ts';
import { decodeCobs } from './decode-cobs.ts';

/** QN-8.2. */
export const linkType = {
  hello: 1,
  welcome: 2,
  channel: 3,
  data: 4,
  ack: 5,
  nak: 6,
  ping: 7,
  pong: 8,
  safe: 9,
  log: 10,
  reset: 11,
} as const;

/**
 * What travels between two delimiters. `seq` is the sequence number of a numbered frame (CHANNEL, DATA) and the session
 * number of any other (QN-8.3a). The body is opaque here.
 */
export interface LinkFrame {
  /** One of linkType, or a number that a later version gave a meaning to. */
  readonly type: number;
  readonly seq: number;
  readonly body: Uint8Array;
}

/** COBS( type ‖ seq ‖ body ‖ CRC ) and the delimiter (QN-8.1). The body has at most linkBodyBytesMax: that is asserted. */
export function encodeFrame({ type, seq, body }: LinkFrame): Uint8Array {
  if (body.length > linkBodyBytesMax) throw new RangeError(`link body longer than 240 bytes: ${body.length}`);
  const plain = new Uint8Array(body.length + linkOverheadBytes);
  plain[0] = type;
  plain[1] = seq;
  plain.set(body, 2);
  const crc = crc16(plain.subarray(0, -2));
  plain[plain.length - 2] = crc >> 8;
  plain[plain.length - 1] = crc;
  return encodeCobs(plain);
}

/** What stood between two delimiters. Undefined for whatever is no frame; the body is a copy. */
export function decodeFrame(encoded: Uint8Array): LinkFrame | undefined {
  const plain = decodeCobs(encoded);
  if (plain === undefined || plain.length < linkOverheadBytes) return undefined;
  const [type = 0, seq = 0] = plain;
  const body = plain.subarray(2, -2);
  const [high = 0, low = 0] = plain.subarray(-2);
  if (body.length > linkBodyBytesMax || crc16(plain.subarray(0, -2)) !== ((high << 8) | low)) return undefined;
  return { type, seq, body };
}

/**
 * A compact message (QN-3.3) that noise shortened. The checksum has no final xor: of a frame that ends with a zero it
 * cannot tell that the zero got lost, which happens to one in 256 frames whose last byte does not arrive (QN-8.5b).
 */
export function isCutCompact({ type, body }: LinkFrame): boolean {
  return type === linkType.data && body[0] === compactFirstByte && body.length !== compactBytes;
}

const compactFirstByte = 0x51;
const compactBytes = 17;
