import type { Values } from '../store/store.ts';
import { clockSkewMs } from './limits.ts';
import type { Claims } from './token.ts';

/** By document, the newest order to write a program that was let through: one for each microcontroller at most. */
export interface LatestOrders {
  readonly known: Map<string, string>;
  /** Absent: they do not outlive the agent. */
  readonly values?: Pick<Values, 'get' | 'set'> | undefined;
}

/**
 * When the order was signed that this one must not come after; undefined: it may. What was recorded on the way and is sent
 * again, under whatever name, would bring back the program of then. The last one may come again: its image runs. // QN-7.8g
 */
export function newerOrderMs({ known, values }: LatestOrders, document: string, claims: Claims): number | undefined {
  const [iat = '', sha256] = (known.get(document) ?? values?.get(keyOf(document)) ?? '').split(' ');
  const isSame = claims.iat === Number(iat) && claims.sha256 === sha256;
  return iat === '' || claims.iat > Number(iat) || isSame ? undefined : Number(iat) * 1_000;
}

/** Durable when it resolves, if the disk takes it. A clock that is far ahead where it was signed must not shut out all others. */
export async function keepOrder(
  { known, values }: LatestOrders,
  document: string,
  { iat, sha256 }: Claims,
  nowMs: number,
): Promise<void> {
  const text = `${Math.min(iat, Math.floor((nowMs + clockSkewMs) / 1_000))} ${sha256}`;
  known.set(document, text);
  await values?.set(keyOf(document), text);
}

function keyOf(document: string): string {
  return `trust.order.${document}`;
}
