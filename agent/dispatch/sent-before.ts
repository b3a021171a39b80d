import type { InboundMessage } from '../mqtt/link.ts';
import { decodeNotify } from '../qn/bare.ts';
import type { Refusal } from '../qn/reason.ts';
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

/** Why it is not carried out. */
export function overtaken({ payload, properties }: InboundMessage): Refusal {
  const decoded = decodeNotify(payload, {
    nowMs: 0,
    ...(properties.contentType !== undefined && { contentType: properties.contentType }),
  });
  const id = decoded.ok ? decoded.value.id : decoded.error.id;
  const detail =
    'a later command for it came by the other connection; nothing was done, send it again if it is still wanted';
  return { reason: 'expired', detail, ...(id !== undefined && { id }) };
}
