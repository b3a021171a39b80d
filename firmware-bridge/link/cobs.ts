/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): no zero is left in the bytes, so that a zero can end a
 * frame. Each block begins with its length; a block shorter than 0xff stands for its bytes and a zero behind them,
 * which the last block does without.
 */
const blockBytesMax = 0xff;

/** At most `bytes.length + ⌊bytes.length / 254⌋ + 1` bytes, without delimiter. */
export function encodeCobs(bytes: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(bytes.length + Math.floor(bytes.length / (blockBytesMax - 1)) + 1);
  let lengthAt = 0;
  let end = 1;
  const closeBlock = () => {
    encoded[lengthAt] = end - lengthAt;
    lengthAt = end;
    end += 1;
  };
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0) {
      closeBlock();
      continue;
    }
    encoded[end] = byte;
    end += 1;
    if (end - lengthAt === blockBytesMax && index + 1 < bytes.length) closeBlock();
  }
  encoded[lengthAt] = end - lengthAt;
  return encoded.subarray(0, end);
}

/** Undefined where a zero is among the bytes, or a block is longer than what is left. */
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
    if (blockBytes < blockBytesMax && next < encoded.length) end += 1; // The zero; the array was filled with them.
  }
  return bytes.subarray(0, end);
}
