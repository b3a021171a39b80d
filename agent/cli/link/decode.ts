import { createDeframer } from '../../../firmware-bridge/link/deframer.ts';
import type { LinkFrame } from '../../../firmware-bridge/link/frame.ts';
import type { Action } from '../actions.ts';
import { inputLines } from '../decode.ts';
import { type CliContext, exitCodes, isSet } from '../verb.ts';

/**
 * A raw stream → one frame a line, `{"type", "seq", "body"}`. What is no frame is counted on standard error, as noise on
 * a line is nothing unusual; it never ends the command.
 */
export const linkDecode: Action = {
  name: 'decode',
  operands: '',
  async run(context, _operands, options) {
    const deframer = createDeframer();
    const tell = ({ type, seq, body }: LinkFrame) =>
      context.out(JSON.stringify({ type, seq, body: Buffer.from(body).toString('hex') }));
    for await (const chunk of isSet(options, 'hex') ? hexBytes(context) : context.stdin) {
      if (chunk === undefined) {
        context.err(
          'qnctl link decode: not hexadecimal: two digits 0-9 a-f for each byte, blanks between bytes allowed',
        );
        return exitCodes.data;
      }
      deframer.push(chunk, tell);
    }
    const { discardedFrames, discardedBytes } = deframer.counters;
    if (discardedFrames > 0) context.err(`${discardedFrames} damaged frames, ${discardedBytes} bytes, were left out`);
    return exitCodes.ok;
  },
};

/** The whole input is one stream: a byte may be cut in two by a line or a blank. */
async function* hexBytes(context: CliContext): AsyncGenerator<Uint8Array | undefined> {
  let half = '';
  for await (const line of inputLines(context)) {
    const digits = half + line.replaceAll(/\s/g, '');
    if (!/^[0-9a-f]*$/i.test(digits)) yield undefined;
    const evenCount = digits.length - (digits.length % 2);
    half = digits.slice(evenCount);
    yield Buffer.from(digits.slice(0, evenCount), 'hex');
  }
  if (half !== '') yield undefined;
}
