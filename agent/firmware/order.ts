import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { imageBytesMax, pieceBytesMax, urlBytesMax } from './limits.ts';

/** What a notify may ask of the firmware of a microcontroller (QN-7.8). */
export type FirmwareOrder = PieceOrder | WriteOrder;

/** Here is a piece of an image; it is kept on the disk until all of it is there. */
export interface PieceOrder {
  readonly kind: 'piece';
  /** Of the whole image, hexadecimal: its name. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Write that image. */
export interface WriteOrder {
  readonly kind: 'write';
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Where it is, when it was not sent in pieces. */
  readonly url?: string;
  /** What it is called; told, and not compared. */
  readonly version?: string;
  /** The hardware it is for; compared with what the config and the microcontroller say. */
  readonly hardware?: string;
}

type Fields = { readonly [key: string]: Value };

const pieceKeys = ['piece', 'size', 'offset', 'data'];
const writeKeys = ['write', 'size', 'url', 'version', 'hardware'];

export function parseFirmwareOrder(value: Fields): Result<FirmwareOrder, Refusal> {
  return 'piece' in value ? parsePiece(value) : parseWrite(value);
}

function parsePiece(value: Fields): Result<PieceOrder, Refusal> {
  const image = parseImage(value, 'piece', pieceKeys);
  if (!image.ok) return image;
  const { offset, data } = value;
  const { sizeBytes } = image.value;
  if (!(data instanceof Uint8Array) || data.length === 0) {
    return malformed('data: bytes are needed, in JSON {"$b64": "…"}');
  }
  if (data.length > pieceBytesMax) {
    return fail({ reason: 'too-large', detail: `data: ${data.length} bytes; at most ${pieceBytesMax} in one piece` });
  }
  if (!isCount(offset) || offset + data.length > sizeBytes) {
    return malformed(`offset: a whole number is needed that leaves room for ${data.length} of ${sizeBytes} bytes`);
  }
  return ok({ kind: 'piece', ...image.value, offset, data });
}

function parseWrite(value: Fields): Result<WriteOrder, Refusal> {
  const image = parseImage(value, 'write', writeKeys);
  if (!image.ok) return image;
  const { url, version, hardware } = value;
  if (url !== undefined && !isUrl(url)) return malformed('url: an address like https://host/firmware.bin is needed');
  if (!isName(version)) return malformed('version: a text of at most 64 characters is needed');
  if (!isName(hardware)) return malformed('hardware: a text of at most 64 characters is needed');
  const named = { ...(version !== undefined && { version }), ...(hardware !== undefined && { hardware }) };
  return ok({ kind: 'write', ...image.value, ...(url !== undefined && { url }), ...named });
}

function parseImage(
  value: Fields,
  key: 'piece' | 'write',
  known: readonly string[],
): Result<{ readonly sha256: string; readonly sizeBytes: number }, Refusal> {
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) return malformed(`${stranger}: not known here; ${known.join(', ')} are`);
  const sha256 = value[key];
  const { size } = value;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    return malformed(`${key}: the SHA-256 of the whole image is needed, 64 digits of 0-9 and a-f`);
  }
  if (!isCount(size) || size === 0) return malformed('size: the length of the whole image in bytes is needed');
  if (size > imageBytesMax) {
    return fail({ reason: 'too-large', detail: `size: ${size} bytes; this board takes images of ${imageBytesMax}` });
  }
  return ok({ sha256, sizeBytes: size });
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isName(value: Value | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= 64);
}

/** Over TLS, because who can change the answer could also hold back an update for ever. */
function isUrl(value: Value): value is string {
  return (
    typeof value === 'string' && value.length <= urlBytesMax && /^https:\/\/\S+$/.test(value) && URL.canParse(value)
  );
}

function malformed(detail: string): Result<never, Refusal> {
  return fail({ reason: 'malformed', detail });
}
