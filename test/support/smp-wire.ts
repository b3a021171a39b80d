/*
 * Both framings of SMP, by the byte and not with the code under test. Console: lines of 06 09 (the first of a packet) or
 * 04 14 (each further one), base64 of length u16, packet and CRC-16/XMODEM, and a line feed. Raw: one packet behind the
 * other.
 */
export interface SmpWire {
  /** A connection begins. */
  begin(): void;
  receive(bytes: Uint8Array): void;
  frame(packet: Uint8Array): Uint8Array;
}

export function createSmpWire(framing: 'console' | 'raw', take: (packet: Buffer) => void): SmpWire {
  let text = '';
  let raw = Buffer.alloc(0);
  const takeRaw = () => {
    while (raw.length >= 8 && raw.length >= 8 + raw.readUInt16BE(2)) {
      const end = 8 + raw.readUInt16BE(2);
      take(raw.subarray(0, end));
      raw = raw.subarray(end);
    }
  };
  const takeLine = (line: string) => {
    if (line.startsWith('\x06\x09')) raw = Buffer.alloc(0);
    else if (!line.startsWith('\x04\x14')) return;
    raw = Buffer.concat([raw, Buffer.from(line.slice(2), 'base64')]);
    if (raw.length < 4 || raw.length < raw.readUInt16BE() + 2) return;
    if (checksum(raw.subarray(2)) === 0) take(raw.subarray(2, -2));
  };
  return {
    begin() {
      text = '';
      raw = Buffer.alloc(0);
    },
    receive(bytes) {
      if (framing === 'raw') {
        raw = Buffer.concat([raw, bytes]);
        return takeRaw();
      }
      text += Buffer.from(bytes).toString('latin1');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        takeLine(text.slice(0, end));
        text = text.slice(end + 1);
      }
    },
    frame: (packet) => (framing === 'raw' ? packet : consoleOf(packet)),
  };
}

/** CRC-16/XMODEM by long division of the message with its checksum: 0 when it is whole. */
function checksum(bytes: Uint8Array): number {
  let rest = 0;
  for (const byte of [...bytes]) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      rest = (rest << 1) | ((byte >> bit) & 1);
      if ((rest & 0x10000) !== 0) rest ^= 0x11021;
    }
  }
  return rest;
}

function consoleOf(packet: Uint8Array): Buffer {
  const length = Buffer.from([(packet.length + 2) >> 8, (packet.length + 2) & 0xff]);
  const remainder = checksum(Buffer.concat([packet, Buffer.alloc(2)]));
  const base64 = Buffer.concat([length, packet, Buffer.from([remainder >> 8, remainder & 0xff])]).toString('base64');
  const lines = base64.match(/.{1,124}/g) ?? [];
  return Buffer.from(lines.map((line, at) => `${at === 0 ? '\x06\x09' : '\x04\x14'}${line}\n`).join(''), 'latin1');
}
