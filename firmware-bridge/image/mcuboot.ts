import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';

/** What an image for MCUboot says of itself. */
export interface McubootImage {
  /** `1.2.3`, with `+4` behind it where it has a build number; as MCUmgr tells it. */
  readonly version: string;
  /** SHA-256 of header, program and protected trailer: the name of this image in MCUmgr. */
  readonly hash: Uint8Array;
}

/*
 * MCUboot, docs/design.md, little-endian:
 *
 *   0      4         8         10        12       16      20                28
 *   magic  load addr hdr size  protected size     flags   version 1 1 2 4   pad
 *
 * Behind header and program: the protected trailer (magic 0x6908), if it has one, then the trailer (0x6907), each with its
 * length and entries `type u16, length u16, value`.
 */
const magic = 0x96f3b83d;
const headerBytesMin = 32;
const trailerMagic = 0x6907;
const sha256Type = 0x10;

/** The error is one sentence. The hash in the trailer is compared with that of the bytes. */
export function parseMcuboot(file: Uint8Array): Result<McubootImage, string> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file.length < headerBytesMin || view.getUint32(0, true) !== magic) {
    return fail('no image for MCUboot: it does not begin with 3d b8 f3 96; sign it with imgtool first');
  }
  const hashedBytes = view.getUint16(8, true) + view.getUint32(12, true) + view.getUint16(10, true);
  if (hashedBytes + 4 > file.length)
    return fail(`the image is cut short: ${hashedBytes} bytes and a trailer, not ${file.length}`);
  const hash = findHash(view, hashedBytes);
  if (hash === undefined) return fail('the image has no SHA-256 in its trailer');
  const found = createHash('sha256').update(file.subarray(0, hashedBytes)).digest();
  if (!found.equals(hash)) return fail('the image is damaged: its SHA-256 is not the one in its trailer');
  const build = view.getUint32(24, true);
  const version = `${view.getUint8(20)}.${view.getUint8(21)}.${view.getUint16(22, true)}`;
  return ok({ version: build === 0 ? version : `${version}+${build}`, hash: Uint8Array.from(hash) });
}

function findHash(view: DataView, start: number): Uint8Array | undefined {
  if (view.getUint16(start, true) !== trailerMagic) return undefined;
  const end = Math.min(start + view.getUint16(start + 2, true), view.byteLength);
  let at = start + 4;
  while (at + 4 <= end) {
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > end) return undefined;
    const isHash = view.getUint16(at, true) === sha256Type && length === 32;
    if (isHash) return new Uint8Array(view.buffer, view.byteOffset + at + 4, length);
    at += 4 + length;
  }
  return undefined;
}
