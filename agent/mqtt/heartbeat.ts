import type { Clock } from '../clock.ts';
import { brokerProbeJitterRatio, brokerProbeMissesMax } from '../limits.ts';

export interface HeartbeatRules {
  readonly probeMs: number;
  readonly probeTimeoutMs: number;
}

export interface HeartbeatEvents {
  answered(latencyMs: number): void;
  /** No answer within the deadline. */
  missed(): void;
  /** So many misses in a row that it is dead; nothing is told afterwards. */
  died(): void;
}

/**
 * Asks again and again for a sign of life until it is disposed of. `ask` sends the question and calls `heard` at the
 * next sign, once. An answer that comes after the deadline was a miss, but the row of misses ends with it: a slow way is
 * not a dead one.
 */
export function openHeartbeat(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  { probeMs, probeTimeoutMs }: HeartbeatRules,
  ask: (heard: () => void) => void,
  events: HeartbeatEvents,
): Disposable {
  let timer = wait();
  let missesCount = 0;
  let isOpen = true;

  function wait(): Disposable {
    return clock.after(jittered(probeMs, random), beat);
  }

  function beat(): void {
    const sinceMs = clock.monotonicMs();
    let isLate = false;
    const deadline = clock.after(probeTimeoutMs, () => {
      isLate = true;
      miss();
    });
    timer = deadline;
    ask(() => {
      if (!isOpen) return;
      missesCount = 0;
      if (isLate) return;
      deadline[Symbol.dispose]();
      timer = wait();
      events.answered(clock.monotonicMs() - sinceMs);
    });
  }

  function miss(): void {
    missesCount += 1;
    if (missesCount < brokerProbeMissesMax) {
      timer = wait();
      return events.missed();
    }
    isOpen = false;
    events.died();
  }

  return {
    [Symbol.dispose]() {
      isOpen = false;
      timer[Symbol.dispose]();
    },
  };
}

/** A fleet that lost a broker together must not ask the next one together. */
export function jittered(ms: number, random: () => number): number {
  return ms * (1 - brokerProbeJitterRatio + 2 * brokerProbeJitterRatio * random());
}
