import { guardPlanBytesMax } from '../limits.ts';

/** Whole lines of a stream; one that is longer than a plan can be is left out, and so is a last one without an end. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...begun, chunk.subarray(from, end)]);
      if (begunBytes <= guardPlanBytesMax && line.byteLength <= guardPlanBytesMax) yield line.toString('utf8');
      begun = [];
      begunBytes = 0;
      from = end + 1;
    }
    begunBytes += chunk.byteLength - from;
    if (begunBytes <= guardPlanBytesMax) begun.push(chunk.subarray(from));
    else begun = [];
  }
}
