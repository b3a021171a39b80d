import type { Codec } from '../qn/codec.ts';
import type { Message } from '../qn/message.ts';
import { decodeMessage, encodeMessage } from '../qn/registry.ts';

const nowMs = 1_780_000_000_000;

export interface KnownAnswer {
  readonly name: Codec['name'];
  readonly hex: string;
}

/** One fact, "switch on, emergency", in three encodings; the bytes were worked out by hand from QN-3. */
export const knownAnswers: readonly KnownAnswer[] = [
  { name: 'json', hex: Buffer.from('{"t":"notify","id":"7","val":true,"ts":1780000000000,"pri":3}').toString('hex') },
  { name: 'cbor', hex: 'a500040107' + '07f5' + '081b0000019e70448800' + '0b03' },
  { name: 'compact', hex: '5141' + '07' + '0007' + '00000007' + '70448800' + '00000001' },
];

/** What the codecs get wrong, empty when they are sound. Both ways: bytes → message, and message → bytes → message. */
export function codecFaults(answers = knownAnswers): readonly string[] {
  return answers.flatMap(({ name, hex }) => {
    const decoded = decodeMessage(Buffer.from(hex, 'hex'), { nowMs });
    if (!decoded.ok) return [`${name}: ${decoded.error.detail}`];
    const encoded = encodeMessage(decoded.value, name);
    if (!encoded.ok) return [`${name}: ${encoded.error.detail}`];
    const again = decodeMessage(encoded.value.bytes, { nowMs });
    return isTheFact(decoded.value) && again.ok && isTheFact(again.value) ? [] : [`${name}: not the known answer`];
  });
}

function isTheFact({ t, id, val, ts, pri }: Message): boolean {
  return t === 'notify' && id === 7n && val === true && ts === nowMs && pri === 3;
}
