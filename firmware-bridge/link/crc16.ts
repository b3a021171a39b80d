/** CRC-16/IBM-3740: polynomial 0x1021, begins with 0xffff, nothing reflected, no final xor. `123456789` gives 0x29b1. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] ?? 0);
  return crc;
}

const table: Uint16Array = Uint16Array.from({ length: 256 }, (_, index) => remainder(index << 8));

function remainder(value: number): number {
  let crc = value;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc & 0xffff;
}
