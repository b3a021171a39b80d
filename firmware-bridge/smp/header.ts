/*
 *   0      1      2        4       6     7     8
 *   +------+------+--------+-------+-----+-----+----------
 *   | v op | flags| length | group | seq | id  | CBOR map      big-endian; v is the version of SMP, 0 or 1
 *   +------+------+--------+-------+-----+-----+----------
 */
export const smpHeaderBytes = 8;
export const smpOperation = { read: 0, readAnswer: 1, write: 2, writeAnswer: 3 } as const;
export const smpGroup = { os: 0, image: 1 } as const;
export const smpOsCommand = { echo: 0, reset: 5, parameters: 6, info: 7 } as const;
export const smpImageCommand = { state: 0, upload: 1 } as const;

export interface SmpPacket {
  readonly operation: number;
  readonly group: number;
  readonly seq: number;
  readonly command: number;
  /** A CBOR map. */
  readonly body: Uint8Array;
}

export function encodePacket({ operation, group, seq, command, body }: SmpPacket): Uint8Array {
  const bytes = new Uint8Array(smpHeaderBytes + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, operation);
  view.setUint16(2, body.length);
  view.setUint16(4, group);
  view.setUint8(6, seq);
  view.setUint8(7, command);
  bytes.set(body, smpHeaderBytes);
  return bytes;
}

/** Undefined for what is shorter or longer than its header says. */
export function decodePacket(bytes: Uint8Array): SmpPacket | undefined {
  if (bytes.length < smpHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(2) !== bytes.length - smpHeaderBytes) return undefined;
  return {
    operation: view.getUint8(0) & 0x07,
    group: view.getUint16(4),
    seq: view.getUint8(6),
    command: view.getUint8(7),
    body: bytes.slice(smpHeaderBytes),
  };
}
