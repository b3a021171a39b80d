import { fail, ok } from '../../drivers/contract/result.ts';
import { createFramer, type Framer, type FramerCounters } from '../../drivers/framer.ts';
import type { ReopenLimits } from '../../drivers/serial/reopening.ts';
import { afterReading } from '../clock.ts';
import type { SerialConfig } from '../config/config.ts';
import { serialWriteTimeoutMsMin } from '../limits.ts';
import type { Value } from '../qn/message.ts';
import { keepLine, noBufferError, probeLine } from './kept-line.ts';
import type { DocumentKind, DocumentSurroundings } from './kind.ts';
import { serialQuietCharacters, serialQuietMsMin } from './limits.ts';
import { planFrame } from './serial-frame.ts';
import { createPace, describeLosses, noLosses, watchLosses } from './serial-losses.ts';

/** A line of bytes: what is notified goes out, each frame that comes in is an event. Its value is `{open: boolean}`. */
export const serial = createSerialKind();

/** `limits`: how a port that went away is opened again. */
export function createSerialKind(limits?: ReopenLimits): DocumentKind<SerialConfig> {
  return {
    plan: planFrame,

    async open(config, surroundings) {
      const { pool, clock, log, happened } = surroundings;
      const slot = pool.acquire('framer', config.frameBytesMax);
      if (slot === undefined) return fail(noBufferError(config.port, config.frameBytesMax));
      const buffer = slot.payload.subarray(0, config.frameBytesMax);
      const counters = noLosses();
      const mayTell = createPace(clock);
      const look = watchLosses(counters, config.port, log);
      const receiver = createReceiver(config, buffer, { clock, counters, look }, (bytes) => {
        if (mayTell()) return happened(valueOf(bytes));
        counters.flood += 1;
        counters.discardedBytes += bytes.byteLength;
      });
      const line = await keepLine(config, surroundings, receiver, limits);
      return ok({
        async perform(effect) {
          if (effect.do !== 'write') return ok();
          receiver.asked();
          return await line.write(effect.bytes, writeTimeoutMs(config, effect.bytes.byteLength));
        },
        probe: () => probeLine(line, config),
        about: () => describeLosses(counters),
        async [Symbol.asyncDispose]() {
          await line[Symbol.asyncDispose]();
          receiver.end();
          pool.release(slot);
        },
      });
    },
  };
}

interface ReceiverParts {
  readonly clock: DocumentSurroundings['clock'];
  /** Over all connections. */
  readonly counters: FramerCounters;
  /** Called when something came, or did not. */
  readonly look: () => void;
}

/**
 * Feeds chunks to the framer and lets silence end what was begun. Each connection has a fresh framer. What comes before the
 * line was quiet for a moment may have begun before it was open: its tail must not pass for a frame. Nor is an answer lost.
 */
function createReceiver(
  config: SerialConfig,
  buffer: Uint8Array,
  { clock, counters, look }: ReceiverParts,
  emit: (frame: Uint8Array) => void,
) {
  let framer: Framer | undefined;
  let silence: Disposable | undefined;
  let tail: 'possible' | 'endless' | 'over' = 'over';
  const end = () => {
    silence?.[Symbol.dispose]();
    silence = undefined;
    framer = undefined;
  };
  const begin = () => {
    end();
    framer = createFramer(config.framing, buffer, counters);
    tail = 'possible';
    silence = afterReading(clock, quietMs(config), rest);
  };
  const rest = () => {
    tail = 'over';
    framer?.expire(emit);
    look();
  };
  const take = (chunk: Uint8Array) => {
    silence?.[Symbol.dispose]();
    if (tail === 'possible') {
      framer?.join();
      tail = config.framing.kind === 'length' ? 'endless' : 'over';
    }
    framer?.push(chunk, emit);
    look();
    silence = afterReading(clock, tail === 'endless' ? quietMs(config) : config.interByteMs, rest);
  };
  const asked = () => {
    if (tail === 'possible') tail = 'over';
  };
  return { begin, take, asked, end };
}

/** A device in the middle of a frame does not rest for so long, however its adapter gathers bytes. */
function quietMs({ settings, interByteMs }: SerialConfig): number {
  return Math.min(interByteMs, Math.max(serialQuietMsMin, (serialQuietCharacters * 12 * 1_000) / settings.baud));
}

/** Twice the time the bytes need on the wire, and never less than the minimum. */
function writeTimeoutMs(config: SerialConfig, byteCount: number): number {
  const wireMs = (byteCount * 12 * 1_000) / config.settings.baud;
  return Math.max(serialWriteTimeoutMsMin, 2 * wireMs);
}

/** Text where the bytes are UTF-8, else bytes. */
function valueOf(bytes: Uint8Array): Value {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Uint8Array.from(bytes); // Not UTF-8: told as bytes, nothing is lost.
  }
}
