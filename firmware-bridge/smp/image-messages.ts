import { decodeFields, encodeFields, isFields, rcOf, wholeNumber } from './cbor.ts';
import { type SmpPacket, smpGroup, smpImageCommand, smpOperation } from './header.ts';
import { smpSlotsMax } from './limits.ts';
import type { UploadAnswer, UploadRequest } from './upload.ts';

export function uploadPacket(seq: number, request: UploadRequest): SmpPacket {
  const { image, len, off, sha, data } = request;
  const first = off === 0 ? { image, len, sha } : {};
  const body = encodeFields({ ...first, off, data });
  return { operation: smpOperation.write, group: smpGroup.image, seq, command: smpImageCommand.upload, body };
}

/** Undefined for whatever is no answer to an upload. */
export function uploadAnswer({ operation, group, command, seq, body }: SmpPacket): UploadAnswer | undefined {
  const isAnswer = operation === smpOperation.writeAnswer && command === smpImageCommand.upload;
  if (!isAnswer || group !== smpGroup.image) return undefined;
  const fields = decodeFields(body);
  if (fields === undefined) return undefined;
  const off = wholeNumber(fields['off']);
  const rc = rcOf(fields);
  return off === undefined ? { seq, rc } : { seq, rc, off };
}

/** One slot, as `image state` tells it. */
export interface ImageSlot {
  readonly slot: number;
  readonly version: string;
  /** Hexadecimal, lower case; of header, program and protected trailer (MCUboot's TLV 0x10). */
  readonly hash?: string;
  readonly isActive: boolean;
  readonly isConfirmed: boolean;
  /** It is tried at the next start. */
  readonly isPending: boolean;
}

/** Undefined when it is no such answer. Only the first image of several is looked at. */
export function imageSlots({ images }: { readonly images?: unknown }): readonly ImageSlot[] | undefined {
  if (!Array.isArray(images) || images.length > smpSlotsMax) return undefined;
  const slots: ImageSlot[] = [];
  for (const image of images) {
    if (!isFields(image)) return undefined;
    const slot = wholeNumber(image['slot']);
    if (slot === undefined) return undefined;
    if ((wholeNumber(image['image']) ?? 0) !== 0) continue;
    const { version, hash, active, confirmed, pending } = image;
    slots.push({
      slot,
      version: typeof version === 'string' ? version : '',
      ...(hash instanceof Uint8Array ? { hash: Buffer.from(hash).toString('hex') } : {}),
      isActive: active === true,
      isConfirmed: confirmed === true,
      isPending: pending === true,
    });
  }
  return slots;
}
