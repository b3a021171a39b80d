import { ok, type Result } from '../../drivers/contract/result.ts';
import type { Codec } from '../qn/codec.ts';
import type { Refusal } from '../qn/reason.ts';
import { decodeMessage, encodeMessage } from '../qn/registry.ts';
import { asCompact } from './compact-form.ts';
import { inputLines, readInput, refusalText } from './decode.ts';
import { exitCodes, isSet, textOption, type Verb } from './verb.ts';

const encodings: readonly Codec['name'][] = ['json', 'cbor', 'compact'];

export const encodeVerb: Verb = {
  name: 'encode',
  operands: '',
  summary: 'Turns the JSON form of a message, from standard input, into another encoding.',
  options: {
    to: { type: 'string', placeholder: 'json|cbor|compact', help: 'the encoding (default json)' },
    hex: { type: 'boolean', help: 'one message a line, in and out; out in hexadecimal' },
  },
  examples: [
    `echo '{"t":"notify","id":"7","val":true}' | qnctl encode --to cbor --hex`,
    `echo '{"t":"notify","id":"7","val":true,"compact":{"channel":1}}' | qnctl encode --to compact --hex`,
  ],
  exits: { 0: 'every message was turned', 65: 'one could not be read; its line says why' },
  async run(context, _operands, options) {
    const wanted = textOption(options, 'to') ?? 'json';
    const name = encodings.find((encoding) => encoding === wanted);
    if (name === undefined) {
      context.err(`qnctl encode: no encoding ${wanted}; take one of ${encodings.join(', ')}`);
      return exitCodes.usage;
    }
    const isHex = isSet(options, 'hex');
    let refusedCount = 0;
    const tell = (text: Uint8Array) => {
      const encoded = encode(text, name, context.clock.wallMs());
      if (!encoded.ok) {
        refusedCount += 1;
        context.out(refusalText(encoded.error));
      } else if (isHex) context.out(Buffer.from(encoded.value).toString('hex'));
      else context.outBytes(encoded.value);
    };
    if (isHex) for await (const line of inputLines(context)) tell(Buffer.from(line, 'utf8'));
    else tell(await readInput(context));
    return refusedCount === 0 ? exitCodes.ok : exitCodes.data;
  },
};

function encode(text: Uint8Array, name: Codec['name'], nowMs: number): Result<Uint8Array, Refusal> {
  const decoded = decodeMessage(text, { nowMs, contentType: 'application/json' });
  if (!decoded.ok) return decoded;
  const message = name === 'compact' ? asCompact(decoded.value, nowMs) : ok(decoded.value);
  if (!message.ok) return message;
  const encoded = encodeMessage(message.value, name);
  return encoded.ok ? ok(encoded.value.bytes) : encoded;
}
