import { Encoder } from 'cbor-x';
import { type SmpPacket, smpGroup, smpImageCommand, smpOperation } from './header.ts';
import type { UploadAnswer, UploadRequest } from './upload.ts';

/** Plain CBOR: no records, no tags of the library's own. */
const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });

export function uploadPacket(seq: number, request: UploadRequest): SmpPacket {
  const { image, len, off, sha, data } = request;
  const first = off === 0 ? { image, len, sha } : {};
  const body = Uint8Array.from(cbor.encode({ ...first, off, data }));
  return { operation: smpOperation.write, group: smpGroup.image, seq, command: smpImageCommand.upload, body };
}

/** Undefined for whatever is no answer to an upload. A peer's CBOR: nothing in it is taken for granted. */
export function uploadAnswer({ operation, group, command, seq, body }: SmpPacket): UploadAnswer | undefined {
  const isAnswer = operation === smpOperation.writeAnswer && command === smpImageCommand.upload;
  if (!isAnswer || group !== smpGroup.image) return undefined;
  const fields = mapIn(body);
  if (fields === undefined) return undefined;
  const off = wholeNumber(fields['off']);
  const error = fields['err']; // SMP version 2: { err: { group, rc } }
  const rc = wholeNumber(fields['rc']) ?? (isMap(error) ? wholeNumber(error['rc']) : undefined) ?? 0;
  return off === undefined ? { seq, rc } : { seq, rc, off };
}

function mapIn(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = cbor.decode(body);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined; // No CBOR: as if no answer had come, and the request is sent again.
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
