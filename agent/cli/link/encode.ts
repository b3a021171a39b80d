import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { linkBodyBytesMax } from '../../../firmware-bridge/limits.ts';
import { encodeFrame, type LinkFrame } from '../../../firmware-bridge/link/frame.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { tryParseJson } from '../../config/try-parse-json.ts';
import type { Action } from '../actions.ts';
import { inputLines, parseHex } from '../decode.ts';
import { exitCodes, isSet } from '../verb.ts';

/** One frame a line, `{"type", "seq", "body"}` → the bytes of the line, each frame with its delimiter. */
export const linkEncode: Action = {
  name: 'encode',
  operands: '',
  async run(context, _operands, options) {
    let lineCount = 0;
    let refusedCount = 0;
    for await (const line of inputLines(context)) {
      lineCount += 1;
      if (line.trim() === '') continue;
      const frame = frameOf(line);
      if (!frame.ok) {
        refusedCount += 1;
        context.err(`qnctl link encode: line ${lineCount}: ${frame.error}`);
        continue;
      }
      const wire = encodeFrame(frame.value);
      if (isSet(options, 'hex')) context.out(Buffer.from(wire).toString('hex'));
      else context.outBytes(wire);
    }
    return refusedCount === 0 ? exitCodes.ok : exitCodes.data;
  },
};

function frameOf(line: string): Result<LinkFrame, string> {
  const fields = tryParseJson(line);
  if (!isPlainMap(fields)) return fail('not a JSON object; write {"type":7,"seq":1,"body":"0000002a"}');
  const { type, seq, body } = fields;
  if (!isByte(type)) return fail(`type is a number from 0 to 255, not ${JSON.stringify(type)}`);
  if (!isByte(seq)) return fail(`seq is a number from 0 to 255, not ${JSON.stringify(seq)}`);
  const bytes = typeof body === 'string' ? parseHex(body) : undefined;
  if (bytes === undefined) return fail(`body is hexadecimal text, not ${JSON.stringify(body)}`);
  if (bytes.length > linkBodyBytesMax) return fail(`body has ${bytes.length} bytes, at most ${linkBodyBytesMax}`);
  return ok({ type, seq, body: bytes });
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
