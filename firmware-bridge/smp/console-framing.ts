import { smpLineBytesMax, smpPacketBytesMax } from './limits.ts';

/*
 * SMP over a console: length u16 ‖ packet ‖ CRC-16/XMODEM in base64, cut into lines. The first line of a packet begins
 * with 06 09, each further one with 04 14, all end with a line feed; text of a shell may stand between packets.
 */
const firstMarker = [0x06, 0x09] as const;
const nextMarker = [0x04, 0x14] as const;
const lineFeed = 0x0a;
/** Whole groups of four, so that each line can be decoded by itself. */
const lineTextBytes = Math.floor((smpLineBytesMax - 3) / 4) * 4;

/** CRC-16/XMODEM: polynomial 0x1021, begins with 0. `123456789` gives 0x31c3. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}

export function encodeConsole(packet: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(packet.length + 4);
  framed.writeUInt16BE(packet.length + 2);
  framed.set(packet, 2);
  framed.writeUInt16BE(crc16Xmodem(packet), packet.length + 2);
  const text = framed.toString('base64');
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length; at += lineTextBytes) {
    const marker = at === 0 ? firstMarker : nextMarker;
    lines.push(Buffer.from([...marker, ...Buffer.from(text.slice(at, at + lineTextBytes)), lineFeed]));
  }
  return Buffer.concat(lines);
}

export interface ConsoleDeframer {
  /** The packet is the listener's. It must not throw. */
  push(chunk: Uint8Array, emit: (packet: Uint8Array) => void): void;
  readonly counters: { readonly packets: number; readonly discarded: number };
}

/** Holds one line and one packet at most; what is longer, or is no packet, is thrown away and counted. */
export function createConsoleDeframer(): ConsoleDeframer {
  const counters = { packets: 0, discarded: 0 };
  const line = Buffer.alloc(smpLineBytesMax);
  let lineBytes = 0;
  /** What was decoded so far; undefined outside a packet. */
  let held: Buffer | undefined;
  const discard = () => {
    if (held !== undefined) counters.discarded += 1;
    held = undefined;
  };
  const endLine = (emit: (packet: Uint8Array) => void) => {
    const [first, second] = line;
    const isFirst = first === firstMarker[0] && second === firstMarker[1];
    const isNext = first === nextMarker[0] && second === nextMarker[1];
    if (lineBytes < 2 || lineBytes > line.length || (!isFirst && !isNext)) return;
    if (isFirst) discard();
    else if (held === undefined) return;
    const text = line.toString('latin1', 2, lineBytes).trimEnd();
    held = Buffer.concat([held ?? Buffer.alloc(0), Buffer.from(text, 'base64')]);
    if (held.length > smpPacketBytesMax + 4) return discard();
    if (held.length < 2 || held.length < held.readUInt16BE() + 2) return;
    const packet = wholePacket(held);
    if (packet === undefined) return discard();
    held = undefined;
    counters.packets += 1;
    emit(packet);
  };
  return {
    counters,
    push(chunk, emit) {
      for (const byte of chunk) {
        if (byte === 0) {
          lineBytes = 0; // No text: the end of a frame of the QN link, whose program looks for its peer meanwhile.
          continue;
        }
        if (byte !== lineFeed) {
          if (lineBytes < line.length) line[lineBytes] = byte;
          lineBytes += 1;
          continue;
        }
        endLine(emit);
        lineBytes = 0;
      }
    },
  };
}

function wholePacket(framed: Buffer): Uint8Array | undefined {
  const end = framed.readUInt16BE() + 2;
  if (end < 4 || framed.length !== end) return undefined;
  const packet = framed.subarray(2, end - 2);
  return crc16Xmodem(packet) === framed.readUInt16BE(end - 2) ? Uint8Array.from(packet) : undefined;
}
