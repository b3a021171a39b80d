import { type Action, runAction } from '../actions.ts';
import type { Verb } from '../verb.ts';
import { linkDecode } from './decode.ts';
import { linkEncode } from './encode.ts';

const actions: readonly Action[] = [linkDecode, linkEncode];

/** For people with a logic analyser on the line to a microcontroller. */
export const linkVerb: Verb = {
  name: 'link',
  operands: 'decode|encode',
  summary: 'Link frames to a microcontroller as JSON and back, from standard input.',
  options: { hex: { type: 'boolean', help: 'the bytes of the line as hexadecimal digits' } },
  examples: [
    'echo 070a66018537bc00 | qnctl link decode --hex',
    `echo '{"type":7,"seq":1,"body":"0000002a"}' | qnctl link encode --hex`,
    'qnctl link decode < capture.bin',
  ],
  exits: { 0: 'everything that could be was turned', 65: 'some of it was no hexadecimal, or no frame' },
  run: (context, operands, options) => runAction('link', actions, context, operands, options),
};
