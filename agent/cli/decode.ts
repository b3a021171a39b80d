import { ok, type Result } from '../../drivers/contract/result.ts';
import { messageBytesMax } from '../limits.ts';
import type { Refusal } from '../qn/reason.ts';
import { plainCompactJson } from './compact-form.ts';
import { decodeAny, jsonOf } from './message-text.ts';
import { type CliContext, exitCodes, isSet, type Verb } from './verb.ts';

/** How much standard input is read at most: a day of captured messages, not an endless pipe. */
const inputBytesMax = 64 * 1_024 * 1_024;

export const decodeVerb: Verb = {
  name: 'decode',
  operands: '',
  summary: 'Prints the JSON form of a message in any encoding, from standard input.',
  options: { hex: { type: 'boolean', help: 'one message a line, in hexadecimal' } },
  examples: [
    "mosquitto_sub -C 1 -N -t 'qn/1/pi-1/state/gpio.relay1' | qnctl decode",
    "mosquitto_sub -F %x -t 'qn/1/+/event/#' | qnctl decode --hex",
  ],
  exits: { 0: 'every message was turned', 65: 'one could not be read; its line says why' },
  async run(context, _operands, options) {
    let refusedCount = 0;
    const tell = (bytes: Uint8Array | undefined) => {
      const text = bytes === undefined ? notHex : textOf(bytes, context.clock.wallMs());
      if (!text.ok) refusedCount += 1;
      context.out(text.ok ? text.value : refusalText(text.error));
    };
    if (isSet(options, 'hex')) for await (const line of inputLines(context)) tell(parseHex(line));
    else tell(await readInput(context));
    return refusedCount === 0 ? exitCodes.ok : exitCodes.data;
  },
};

const notHex: Result<never, Refusal> = {
  ok: false,
  error: { reason: 'malformed', detail: 'not hexadecimal: two digits 0-9 a-f for each byte' },
};

function textOf(bytes: Uint8Array, nowMs: number): Result<string, Refusal> {
  const decoded = decodeAny(bytes, nowMs);
  if (decoded.ok) return jsonOf(decoded.value);
  const plain = plainCompactJson(bytes);
  return plain === undefined ? decoded : ok(plain);
}

/** `{"refused": reason, "detail": …}`. */
export function refusalText({ reason, detail }: Refusal): string {
  return JSON.stringify({ refused: reason, detail });
}

/** undefined when it is not hexadecimal. Blanks between bytes are allowed. */
export function parseHex(line: string): Uint8Array | undefined {
  const digits = line.replaceAll(/\s/g, '');
  return digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}

/** All of standard input; what is over the bound is left unread, and the message in it then refused as too large. */
export async function readInput({ stdin }: CliContext): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    byteCount += chunk.byteLength;
    if (byteCount > messageBytesMax * 4) break;
  }
  return Buffer.concat(chunks);
}

/** Lines without their end; the last one counts when it is not empty. */
export async function* inputLines({ stdin }: CliContext): AsyncGenerator<string> {
  let rest = '';
  let byteCount = 0;
  const decoder = new TextDecoder();
  for await (const chunk of stdin) {
    byteCount += chunk.byteLength;
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (byteCount > inputBytesMax || rest.length > messageBytesMax * 4) break;
  }
  if (rest !== '') yield rest;
}
