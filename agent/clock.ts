/** Time, injected everywhere. Monotonic for whatever waits or measures; wall clock only for stamps. */
export interface Clock {
  /** Milliseconds with fraction since an arbitrary start; never steps. */
  monotonicMs(): number;
  /** Whole milliseconds since 1970; may step either way. */
  wallMs(): number;
  /**
   * Calls `action` once, not earlier than `delayMs` from now, or after 24 days where that is longer. Dispose to cancel. Does
   * not keep the process alive.
   */
  after(delayMs: number, action: () => void): Disposable;
}

/** A timer of Node.js that is told more fires at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(0, delayMs), timerMsMax)); // Node.js warns of what is below.
    timer.unref();
    return { [Symbol.dispose]: () => cancel(timer) };
  },
};

/** Node keeps a list for each duration, and removes an empty one at once only when the timer that leaves it is referenced. */
function cancel(timer: NodeJS.Timeout): void {
  timer.ref();
  clearTimeout(timer);
}

/**
 * Like `after`, but what came in by then is read first, and may dispose of it. The loop runs timers before it reads: when it
 * was held up, a time is over although what should have ended the wait lies in the kernel already.
 */
export function afterReading(clock: Clock, delayMs: number, action: () => void): Disposable {
  let turn: NodeJS.Immediate | undefined;
  const timer = clock.after(delayMs, () => {
    turn = setImmediate(action); // Timers, reading, immediates: the order of libuv.
  });
  return {
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      clearImmediate(turn);
    },
  };
}

/** Whatever came in meanwhile gets its turn: between two pieces of work that take milliseconds each, and nobody waits for. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer[Symbol.dispose]();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
