/** The table of CRC-32 (ISO 3309, reflected 0xedb88320), one entry for each byte. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb8_8320 : sum >>> 1;
  return sum;
});

/**
 * CRC-32 of the first `length` bytes, as a signed number. For the few bytes of a header: zlib's takes longer to be called than
 * this takes, and gives a number that has to be allocated.
 */
export function headerSum(bytes: Uint8Array, length: number): number {
  let sum = -1;
  for (let at = 0; at < length; at += 1) sum = (table[(sum ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (sum >>> 8);
  return ~sum;
}
