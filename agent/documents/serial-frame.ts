import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Framing } from '../../drivers/framer.ts';
import { encodeCobs } from '../../drivers/framing/cobs.ts';
import { encodeSlip } from '../../drivers/framing/slip.ts';
import type { SerialConfig } from '../config/config.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { brief } from './gpio-out.ts';
import type { Effect } from './kind.ts';

export function planFrame(config: SerialConfig, value: Value): Result<Effect, Refusal> {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const detail = `a number beyond 2^53 loses digits: ${value}; send it as text, in double quotes`;
    return fail({ reason: 'out-of-range', detail });
  }
  const bytes = bytesOf(value);
  if (bytes === undefined) {
    const detail = `a serial line takes text, bytes, a number or a boolean, not ${brief(value)}`;
    return fail({ reason: 'out-of-range', detail });
  }
  const framed = frameBytes(config, bytes);
  return framed.ok ? ok({ do: 'write', bytes: framed.value }) : framed;
}

/** Text as UTF-8, bytes as they are, numbers and booleans as their JSON text. QN-3.2a */
function bytesOf(value: Value): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (typeof value === 'number' || typeof value === 'boolean') return Buffer.from(JSON.stringify(value), 'utf8');
  return undefined;
}

/** The bytes for the wire: what its framing puts around them, or what `append` puts behind. */
export function frameBytes({ framing, append }: SerialConfig, bytes: Uint8Array): Result<Uint8Array, Refusal> {
  switch (framing.kind) {
    case 'length':
      return prefixed(framing, bytes);
    case 'slip':
      return ok(encodeSlip(bytes));
    case 'cobs':
      return ok(encodeCobs(bytes));
    case 'delimiter':
    case 'silence':
      return ok(append === '' ? bytes : Buffer.concat([bytes, Buffer.from(append, 'utf8')]));
  }
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
