import { decodeNotify } from '../qn/bare.ts';
import { parseId } from '../qn/snowflake.ts';
import type { Twin } from './twins.ts';

/** Whether one sender made both, and this one first, as their ids tell (QN-9). False where they do not. */
export function isSentBefore(one: Twin, other: Twin): boolean {
  const [left, right] = [madeBy(one), madeBy(other)];
  if (left === undefined || right === undefined || left.src !== right.src) return false;
  return parseId(left.id).node === parseId(right.id).node && left.id < right.id;
}

function madeBy({ content, contentType }: Twin): { readonly src: string; readonly id: bigint } | undefined {
  const decoded = decodeNotify(Buffer.from(content, 'latin1'), {
    nowMs: 0,
    ...(contentType !== undefined && { contentType }),
  });
  const { src, id } = decoded.ok ? decoded.value : {};
  return src === undefined || id === undefined ? undefined : { src, id };
}
