import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { createFramer, type Framer } from '../../drivers/framer.ts';
import type { Framing, SerialConfig } from '../config/config.ts';
import { serialWriteTimeoutMsMin } from '../limits.ts';
import type { Slot } from '../pool/slot.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { brief } from './gpio-out.ts';
import type { DocumentKind, DocumentSurroundings, OpenDocument } from './kind.ts';

/** A line of bytes: what is notified goes out, each frame that comes in is an event. Its value is `{open: boolean}`. */
export const serial: DocumentKind<SerialConfig> = {
  plan(config, value) {
    const bytes = bytesOf(value);
    if (bytes === undefined) {
      const detail = `a serial line takes text, bytes, a number or a boolean, not ${brief(value)}`;
      return fail({ reason: 'out-of-range', detail });
    }
    const framed = frame(config, bytes);
    return framed.ok ? ok({ do: 'write', bytes: framed.value }) : framed;
  },

  async open(config, surroundings) {
    const slot = surroundings.pool.acquire('framer', config.frameBytesMax);
    if (slot === undefined) return fail(noBuffer(config));
    const opened = await surroundings.openBytePort(config.port, config.settings);
    if (!opened.ok) {
      surroundings.pool.release(slot);
      return opened;
    }
    return ok(attach(config, opened.value, slot, surroundings));
  },
};

function attach(config: SerialConfig, port: BytePort, slot: Slot, surroundings: DocumentSurroundings): OpenDocument {
  const { clock, pool, changed, happened, troubled } = surroundings;
  let isOpen = true;
  const framer = createFramer(config.framing, slot.payload.subarray(0, config.frameBytesMax));
  const receiver = createReceiver(config, framer, clock, (bytes) => happened(valueOf(bytes)));
  port.onData(receiver.take);
  port.onClosed((error) => {
    isOpen = false;
    receiver.end();
    changed({ open: false });
    troubled(error);
  });
  changed({ open: true });
  return {
    async perform(effect) {
      if (effect.do !== 'write') return ok();
      return await port.write(effect.bytes, writeTimeoutMs(config, effect.bytes.byteLength));
    },
    probe: () => (isOpen ? ok(`open at ${config.settings.baud} baud`) : fail(gone(config))),
    async [Symbol.asyncDispose]() {
      receiver.end();
      await port[Symbol.asyncDispose]();
      pool.release(slot);
    },
  };
}

/** Feeds chunks to the framer and lets silence end what was begun. */
function createReceiver(
  config: SerialConfig,
  framer: Framer,
  clock: DocumentSurroundings['clock'],
  emit: (frame: Uint8Array) => void,
) {
  let silence: Disposable | undefined;
  const end = () => {
    silence?.[Symbol.dispose]();
    silence = undefined;
  };
  const take = (chunk: Uint8Array) => {
    end();
    framer.push(chunk, emit);
    silence = clock.after(config.interByteMs, () => framer.expire(emit));
  };
  return { take, end };
}

/** Twice the time the bytes need on the wire, and never less than the minimum. */
function writeTimeoutMs(config: SerialConfig, byteCount: number): number {
  const wireMs = (byteCount * 12 * 1_000) / config.settings.baud;
  return Math.max(serialWriteTimeoutMsMin, 2 * wireMs);
}

/** Text as UTF-8, bytes as they are, numbers and booleans as their JSON text. QN-3.2a */
function bytesOf(value: Value): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (typeof value === 'number' || typeof value === 'boolean') return Buffer.from(JSON.stringify(value), 'utf8');
  return undefined;
}

/** Text where the bytes are UTF-8, else bytes. */
function valueOf(bytes: Uint8Array): Value {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Uint8Array.from(bytes); // Not UTF-8: told as bytes, nothing is lost.
  }
}

function frame(config: SerialConfig, bytes: Uint8Array): Result<Uint8Array, Refusal> {
  const { framing } = config;
  if (framing.kind === 'length') return prefixed(framing, bytes);
  return ok(config.append === '' ? bytes : Buffer.concat([bytes, Buffer.from(config.append, 'utf8')]));
}

function prefixed(framing: Extract<Framing, { kind: 'length' }>, bytes: Uint8Array): Result<Uint8Array, Refusal> {
  const countMax = 2 ** (8 * framing.bytes) - 1;
  if (bytes.byteLength > countMax) {
    const detail = `${bytes.byteLength} bytes do not fit a length of ${framing.bytes} bytes; send at most ${countMax}`;
    return fail({ reason: 'out-of-range', detail });
  }
  const framed = Buffer.alloc(framing.bytes + bytes.byteLength);
  if (framing.endian === 'big') framed.writeUIntBE(bytes.byteLength, 0, framing.bytes);
  else framed.writeUIntLE(bytes.byteLength, 0, framing.bytes);
  framed.set(bytes, framing.bytes);
  return ok(framed);
}

function noBuffer(config: SerialConfig): DriverError {
  return {
    kind: 'busy',
    operation: 'open',
    resource: config.port,
    detail: `no receive buffer of ${config.frameBytesMax} bytes is left in the pool`,
    fix: 'lower `max` of a serial document, or use a larger pool profile',
  };
}

function gone(config: SerialConfig): DriverError {
  return {
    kind: 'closed',
    operation: 'probe',
    resource: config.port,
    detail: 'the port went away after it was opened',
  };
}
