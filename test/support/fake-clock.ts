import type { Clock } from '../../agent/clock.ts';

/** Time that moves only when the test says so. Starts at monotonic 0 and wall 2026-01-01T00:00:00Z. */
export interface FakeClock extends Clock {
  /** Moves both clocks, running due timers in the order they are due and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock only, as NTP or a person does; negative steps back. */
  stepWall(ms: number): void;
  /** Timers that were set and neither fired nor were disposed of. */
  readonly timersCount: number;
}

interface Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

export function createFakeClock(wallMsAtStart: number = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<Timer>();
  let nowMs = 0;
  let wallOffsetMs = wallMsAtStart;

  return {
    get timersCount() {
      return timers.size;
    },
    monotonicMs: () => nowMs,
    wallMs: () => Math.trunc(nowMs + wallOffsetMs),
    after(delayMs, action) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), action };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const targetMs = nowMs + ms;
      await settle();
      for (let timer = earliest(timers); timer && timer.dueMs <= targetMs; timer = earliest(timers)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.action();
        await settle();
      }
      nowMs = targetMs;
    },
    stepWall(ms) {
      wallOffsetMs += ms;
    },
  };
}

/** Timers due at the same time fire in the order they were set: a Set keeps it, and only an earlier one wins. */
function earliest(timers: ReadonlySet<Timer>): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) if (first === undefined || timer.dueMs < first.dueMs) first = timer;
  return first;
}

/** One turn of the event loop: every promise that can settle by itself has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
