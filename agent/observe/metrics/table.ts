import { boardMetrics } from './board.ts';
import type { Family } from './family.ts';
import { linkMetrics } from './link.ts';
import { messageMetrics } from './messages.ts';
import { poolMetrics } from './pool.ts';
import { processMetrics } from './process.ts';
import type { MetricSources } from './sources.ts';
import { storeMetrics } from './store.ts';

/** Every metric of the agent. */
export function metricFamilies(sources: MetricSources): readonly Family[] {
  const { health } = sources;
  return [
    ...processMetrics(sources),
    ...linkMetrics(sources),
    ...messageMetrics(sources),
    ...poolMetrics(health.pool()),
    ...boardMetrics(health),
    ...storeMetrics(health),
  ];
}
