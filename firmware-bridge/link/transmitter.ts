import type { BytePort } from '../../drivers/contract/byte-port.ts';
import type { DriverError } from '../../drivers/contract/result.ts';
import { linkTransmitCountMax, linkWriteMsMax } from '../limits.ts';
import { encodeFrame, type LinkFrame, linkType } from './frame.ts';

/** Frames on their way into a port that takes one write at a time. What does not fit is lost, as on a wire. */
export interface Transmitter {
  transmit(frame: LinkFrame): void;
  readonly counters: TransmitterCounters;
}

export interface TransmitterCounters {
  readonly frames: number;
  /** Too many waited, or the port did not take them. */
  readonly dropped: number;
}

/** `onTrouble` is told of a write that failed; the port stays in use. It must not throw. */
export function createTransmitter(port: BytePort, onTrouble: (error: DriverError) => void): Transmitter {
  const waiting: Uint8Array[] = [];
  const counters = { frames: 0, dropped: 0 };
  let isWriting = false;
  const drain = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const pieces = waiting.splice(0);
      const written = await port.write(
        pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces),
        linkWriteMsMax,
      );
      if (written.ok) counters.frames += pieces.length;
      else {
        counters.dropped += pieces.length;
        onTrouble(written.error);
      }
    }
    isWriting = false;
  };
  return {
    counters,
    transmit(frame) {
      if (waiting.length >= linkTransmitCountMax) counters.dropped += 1;
      else waiting.push(wireOf(frame));
      if (!isWriting) void drain();
    },
  };
}

const greetings: ReadonlySet<number> = new Set([linkType.hello, linkType.welcome, linkType.reset]);

/** A greeting has a delimiter in front too: what came before it may be half a frame (QN-8.5a). */
function wireOf(frame: LinkFrame): Uint8Array {
  const wire = encodeFrame(frame);
  return greetings.has(frame.type) ? Uint8Array.of(0, ...wire) : wire;
}
