import type { FramerCounters } from '../../drivers/framer.ts';
import type { Log } from '../log.ts';
import type { Value } from '../qn/message.ts';

const texts = {
  overlong: 'a frame is longer than max and thrown away; raise it, or see baud and delimiter',
  timeouts: 'half a frame was thrown away after a silence; see delimiter, or raise inter-byte',
  damaged: 'a frame was damaged and thrown away; see baud and parity',
} as const;

/** Tells the log of the first loss of each kind: a line that brings nothing must not look sound. Called after each push. */
export function watchLosses(counters: FramerCounters, port: string, log: Log): () => void {
  const untold = new Set(['overlong', 'timeouts', 'damaged'] as const);
  return () => {
    for (const kind of untold) {
      if (counters[kind] > 0 && untold.delete(kind)) log.warn({ port }, texts[kind]);
    }
  };
}

/** For the health report: what there is of it. */
export function describeLosses(counters: FramerCounters): { readonly [key: string]: Value } {
  const { discardedBytes: bytes, overlong, timeouts: half, damaged } = counters;
  const found = Object.entries({ bytes, overlong, half, damaged }).filter(([, count]) => count > 0);
  return found.length === 0 ? {} : { discarded: Object.fromEntries(found) };
}
