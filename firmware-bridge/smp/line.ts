import type { BytePort } from '../../drivers/contract/byte-port.ts';
import type { Result } from '../../drivers/contract/result.ts';
import { createConsoleDeframer, encodeConsole } from './console-framing.ts';
import { decodePacket, encodePacket, type SmpPacket, smpHeaderBytes } from './header.ts';
import { smpPacketBytesMax, smpWriteMsMax } from './limits.ts';

/** console: base64 in lines, beside a shell. raw: packets one behind the other; the header says how long they are. */
export type SmpFraming = 'console' | 'raw';

/** Packets over a port that is the caller's. One listener at a time. */
export interface SmpLine {
  readonly resource: string;
  /** Why the port is gone. */
  readonly closed: string | undefined;
  send(packet: SmpPacket): Promise<Result<void>>;
  /** `undefined` is told once, when the port is gone. */
  onPacket(listener: (packet: SmpPacket | undefined) => void): void;
}

export function createSmpLine(port: BytePort, framing: SmpFraming): SmpLine {
  const deframer = framing === 'console' ? createConsoleDeframer() : createRawDeframer();
  let listener: (packet: SmpPacket | undefined) => void = () => {};
  let closed: string | undefined;
  port.onData((chunk) =>
    deframer.push(chunk, (bytes) => {
      const packet = decodePacket(bytes);
      if (packet !== undefined) listener(packet);
    }),
  );
  port.onClosed((error) => {
    closed = error.detail;
    listener(undefined);
  });
  return {
    resource: port.resource,
    get closed() {
      return closed;
    },
    send(packet) {
      const bytes = encodePacket(packet);
      return port.write(framing === 'console' ? encodeConsole(bytes) : bytes, smpWriteMsMax);
    },
    onPacket(next) {
      listener = next;
    },
  };
}

/**
 * Packets without marks between them. A first byte that can begin none is skipped. What looked like a header and was none
 * costs what comes until its length is reached: at most one packet, and its request is sent again.
 */
export function createRawDeframer(): { push(chunk: Uint8Array, emit: (packet: Uint8Array) => void): void } {
  let held = Buffer.alloc(0);
  return {
    push(chunk, emit) {
      held = Buffer.concat([held, chunk]);
      for (;;) {
        const start = held.findIndex((byte, at) => canBegin(byte, held, at));
        held = start < 0 ? Buffer.alloc(0) : held.subarray(start);
        if (held.length < smpHeaderBytes) return;
        const end = smpHeaderBytes + held.readUInt16BE(2);
        if (held.length < end) return;
        const packet = Uint8Array.from(held.subarray(0, end));
        held = held.subarray(end);
        emit(packet);
      }
    },
  };
}

/** An answer has operation 1 or 3 and version 0 or 1, no flags, and a length within the bound. */
function canBegin(first: number, held: Buffer, at: number): boolean {
  if ((first & 0xe5) !== 0x01) return false;
  if (at + 4 > held.length) return true;
  return held[at + 1] === 0 && held.readUInt16BE(at + 2) <= smpPacketBytesMax - smpHeaderBytes;
}
