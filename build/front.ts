import { commentEnd, parameters } from '../agent/kept-code.ts';

/**
 * What follows `#!` in a file that agent/kept-code.ts can run: `front`, which is to call `runBehindFront`, and `program` in a
 * comment. Both are CommonJS as esbuild writes it.
 */
export function putBehindFront(front: string, program: string): string {
  if (front.includes('\n')) throw new Error('the front must be one line');
  if (Buffer.byteLength(program) !== program.length) throw new Error('the program must be of ASCII');
  const [end, inItsPlace] = commentEnd;
  if (program.includes(inItsPlace)) throw new Error(`the program must not contain ${inItsPlace}`);
  const wrapped = `(function (${parameters.join(', ')}) {${program}\n})`;
  return `${front}\n/*${wrapped.replaceAll(end, inItsPlace)}${end}`;
}
