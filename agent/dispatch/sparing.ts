import type { DegradeLevel } from '../health/load.ts';
import type { Refusal } from '../qn/reason.ts';

/** A row of the config, or the name of a document that has none. */
interface Addressed {
  readonly row?: { readonly isEmergency: boolean };
  readonly document?: string;
}

/** Turned away because the board has too much to do (QN-6.9). Its config stays open: it may be what has to be mended. */
export function refusalOfLoad(level: DegradeLevel, { row, document }: Addressed): Refusal | undefined {
  if (level < 3 || row?.isEmergency === true || document === 'config') return undefined;
  const detail = 'too much to do: only emergency documents and the config are taken; try again in some seconds';
  return { reason: 'overloaded', detail };
}
