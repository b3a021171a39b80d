import type { Clock } from '../clock.ts';

/** Over after `forMs`, unless it is disposed of before. */
export interface Patience extends Disposable {
  readonly over: Promise<void>;
}

export function openPatience(clock: Clock, forMs: number): Patience {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(forMs, resolve);
  return { over, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
