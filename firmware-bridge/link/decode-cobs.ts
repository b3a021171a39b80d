/** A block of this length is full: no zero stands behind its bytes. */
const fullBlockCode = 0xff;

/**
 * The reverse of `encodeCobs`, for what stood before the delimiter. Undefined where a zero is among the bytes, or a block is
 * longer than what is left.
 */
export function decodeCobs(encoded: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(encoded.length);
  let end = 0;
  let at = 0;
  while (at < encoded.length) {
    const blockBytes = encoded[at] ?? 0;
    const next = at + blockBytes;
    if (blockBytes === 0 || next > encoded.length) return undefined;
    for (at += 1; at < next; at += 1) {
      const byte = encoded[at] ?? 0;
      if (byte === 0) return undefined;
      bytes[end] = byte;
      end += 1;
    }
    if (blockBytes < fullBlockCode && next < encoded.length) end += 1; // The zero; the array was filled with them.
  }
  return bytes.subarray(0, end);
}
