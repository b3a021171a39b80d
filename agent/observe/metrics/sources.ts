import type { HealthSources } from '../../health/report.ts';
import type { GcPauses } from '../gc-pauses.ts';
import type { Instruments } from '../instruments.ts';

/** Where the numbers come from; each is asked for when somebody reads, nothing is kept here. */
export interface MetricSources {
  readonly health: HealthSources;
  readonly instruments: Instruments;
  readonly gc: GcPauses;
  /** Messages that arrived and were not looked at yet. */
  queueDepth(): number;
}
