import { type FramerCounters, noFrames } from '../../drivers/framer.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Value } from '../qn/message.ts';
import { serialFramesBurstMax, serialFramesPerSMax } from './limits.ts';

export interface SerialCounters extends FramerCounters {
  /** Frames above the pace that is told. */
  flood: number;
}

export const noLosses = (): SerialCounters => ({ ...noFrames(), flood: 0 });

/** Whether one more frame can be told: a device that floods its line must not take the whole board with it. */
export function createPace(clock: Clock): () => boolean {
  let leftCount = serialFramesBurstMax;
  let sinceMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.monotonicMs();
    leftCount = Math.min(serialFramesBurstMax, leftCount + ((nowMs - sinceMs) * serialFramesPerSMax) / 1_000);
    sinceMs = nowMs;
    if (leftCount < 1) return false;
    leftCount -= 1;
    return true;
  };
}

/** Tells the log of the first loss of each kind: a line that brings nothing must not look sound. */
export function watchLosses(counters: SerialCounters, port: string, log: Log): () => void {
  const told = new Set<string>();
  return () => {
    for (const [why] of lossesOf(counters)) {
      if (told.has(why)) continue;
      told.add(why);
      if (why === 'begun') log.info({ port, why }, 'what had begun before the port was open is thrown away');
      else log.warn({ port, why }, 'frames are lost; see baud, parity, delimiter, max, inter-byte');
    }
  };
}

/** For the health report: what there is of it. */
export function describeLosses(counters: SerialCounters): { readonly [key: string]: Value } {
  const found = lossesOf(counters);
  return found.length === 0 ? {} : { discarded: { bytes: counters.discardedBytes, ...Object.fromEntries(found) } };
}

function lossesOf({ overlong, timeouts: half, damaged, begun, flood }: SerialCounters): [string, number][] {
  return Object.entries({ overlong, half, damaged, begun, flood }).filter(([, count]) => count > 0);
}
