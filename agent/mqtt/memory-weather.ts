import type { Clock } from '../clock.ts';
import { memoryLaneCountMax } from '../limits.ts';

/** What can go wrong on the way to a broker, on purpose. */
export interface Weather {
  /** Attempts to connect fail with kind `refused`. */
  readonly refusesConnects: boolean;
  /** Attempts to connect get no answer. */
  readonly ignoresConnects: boolean;
  /** Acknowledgements of publishes are kept back until this is false again. */
  readonly holdsAcks: boolean;
  /** Messages of QoS 1 are delivered twice, the second time flagged. */
  readonly duplicates: boolean;
  /** Retained messages come before `onUp`, as a broker is free to do. */
  readonly retainedFirst: boolean;
  /** One way. */
  readonly latencyMs: number;
}

export const fairWeather: Weather = {
  refusesConnects: false,
  ignoresConnects: false,
  holdsAcks: false,
  duplicates: false,
  retainedFirst: false,
  latencyMs: 0,
};

/** One direction of a connection: whatever the latency does meanwhile, first in is first out. */
export interface Lane {
  /** Whether a message would have to be dropped; what belongs to the connection itself is always carried. */
  readonly isFull: boolean;
  carry(action: () => void): void;
}

export function createLane(clock: Clock, latencyMs: () => number): Lane {
  const waiting: (() => void)[] = [];
  const arrive = () => waiting.shift()?.();
  let lastDueMs = 0;
  return {
    get isFull() {
      return waiting.length >= memoryLaneCountMax;
    },
    carry(action) {
      const nowMs = clock.monotonicMs();
      lastDueMs = Math.max(lastDueMs, nowMs + latencyMs());
      waiting.push(action);
      if (lastDueMs > nowMs) clock.after(lastDueMs - nowMs, arrive);
      else queueMicrotask(arrive);
    },
  };
}
