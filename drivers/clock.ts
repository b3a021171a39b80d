/** The one thing drivers ask of time. agent/clock.ts answers it, and so does a test's clock. */
export interface DriverClock {
  /** Calls `action` once, not earlier than `delayMs` from now on the monotonic clock. Dispose to cancel. */
  after(delayMs: number, action: () => void): Disposable;
}

/** For drivers that measure as well as wait. */
export interface MonotonicClock extends DriverClock {
  /** Milliseconds with fraction since an arbitrary start; never steps. */
  monotonicMs(): number;
}

export const systemDriverClock: DriverClock = {
  after(delayMs, action) {
    const timer = setTimeout(action, Math.max(0, delayMs)); // Node.js warns of what is below.
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** The same in every process of this machine, until it starts again. */
export const systemMonotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Stamps of edges, where the kernel gives none. */
export const monotonicNs = (): bigint => process.hrtime.bigint();

/** Resolves after `delayMs`. */
export function pause(clock: DriverClock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Resolves when it is `atMs` by this clock, and never before: a timer may be a part of a millisecond early. */
export async function pauseUntil(clock: MonotonicClock, atMs: number): Promise<void> {
  for (let leftMs = atMs - clock.monotonicMs(); leftMs > 0; leftMs = atMs - clock.monotonicMs())
    await pause(clock, leftMs);
}
