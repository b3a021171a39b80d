import { createHash } from 'node:crypto';

/** An image for MCUboot, as imgtool makes it without a key: header, program, trailer with the SHA-256. */
export function mcubootImage(version: readonly [number, number, number, number], program: Uint8Array): Buffer {
  const header = Buffer.alloc(32);
  header.writeUInt32LE(0x96f3b83d, 0);
  header.writeUInt16LE(32, 8);
  header.writeUInt32LE(program.length, 12);
  header.writeUInt8(version[0], 20);
  header.writeUInt8(version[1], 21);
  header.writeUInt16LE(version[2], 22);
  header.writeUInt32LE(version[3], 24);
  const hashed = Buffer.concat([header, program]);
  const trailer = Buffer.alloc(8 + 32);
  trailer.writeUInt16LE(0x6907, 0);
  trailer.writeUInt16LE(trailer.length, 2);
  trailer.writeUInt16LE(0x10, 4);
  trailer.writeUInt16LE(32, 6);
  trailer.set(createHash('sha256').update(hashed).digest(), 8);
  return Buffer.concat([hashed, trailer]);
}

/** The SHA-256 in its trailer, as the bootloader reads it: the last 32 bytes. */
export function hashOf(image: Uint8Array): Buffer {
  return Buffer.from(image.subarray(-32));
}

/** Whether the trailer tells the truth: what a bootloader looks at before it starts an image. */
export function isWhole(image: Uint8Array): boolean {
  const hashed = image.subarray(0, -40);
  return image.length > 72 && createHash('sha256').update(hashed).digest().equals(hashOf(image));
}
