import type { DriverClock } from '../drivers/clock.ts';

/** What the bridge asks of time. agent/clock.ts answers it, and so does a test's clock. */
export interface BridgeClock extends DriverClock {
  /** Milliseconds since an arbitrary start; never steps. */
  monotonicMs(): number;
}
