import { Encoder } from 'cbor-x/index-no-eval'; // As agent/qn/cbor-codec.ts does: who has both has it once.

/** Plain CBOR, the shortest form: no records, no tags of the library's own. */
const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false, variableMapSize: true });

export type SmpFields = Readonly<Record<string, unknown>>;

export function encodeFields(fields: SmpFields): Uint8Array {
  return Uint8Array.from(cbor.encode(fields));
}

/** Undefined when it is no map. A peer's CBOR: nothing in it is taken for granted. */
export function decodeFields(body: Uint8Array): SmpFields | undefined {
  try {
    const value: unknown = cbor.decode(body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined; // No CBOR: as if no answer had come, and the request is sent again.
  }
}

export function isFields(value: unknown): value is SmpFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

export function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** 0, or the error: version 1 says `rc`, version 2 `{ err: { group, rc } }`. */
export function rcOf(fields: SmpFields): number {
  const error = fields['err'];
  return wholeNumber(fields['rc']) ?? (isFields(error) ? wholeNumber(error['rc']) : undefined) ?? 0;
}
