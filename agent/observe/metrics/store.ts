import type { HealthSources } from '../../health/report.ts';
import type { StoreMetrics } from '../../store/metrics.ts';
import { counter, type Family, type Figures, gauge } from './family.ts';

/** Without a sample when nothing outlives the agent. */
export function storeMetrics(health: HealthSources): readonly Family[] {
  const metrics = health.store();
  const of = (read: (store: StoreMetrics) => Figures) => (metrics === undefined ? [] : read(metrics));
  const figure = (name: 'writtenBytes' | 'fileBytes' | 'commits' | 'fsyncs' | 'writes' | 'pending') =>
    metrics?.[name] ?? [];
  return [
    gauge(
      'qn_store_up',
      'Whether what must survive a power cut can be written.',
      of((store) => (store.state === 'working' ? 1 : 0)),
    ),
    counter('qn_store_written_bytes_total', 'Bytes written to the disk.', figure('writtenBytes')),
    gauge('qn_store_file_bytes', 'Size of the database.', figure('fileBytes')),
    counter('qn_store_commits_total', 'Transactions.', figure('commits')),
    counter('qn_store_fsyncs_total', 'Times the disk was told to keep what it has.', figure('fsyncs')),
    counter('qn_store_writes_total', 'Calls that were made durable.', figure('writes')),
    counter(
      'qn_store_lost_total',
      'Calls that were not made durable, by reason.',
      of((store) => [
        [{ reason: 'overloaded' }, store.refused],
        [{ reason: 'disk' }, store.failed],
      ]),
    ),
    gauge('qn_store_pending', 'Calls that wait for the disk.', figure('pending')),
    gauge(
      'qn_store_latency_seconds',
      'From a call until it is durable, of the last few hundred.',
      of((store) => [
        [{ stat: 'p50' }, store.latencyMsP50 / 1_000],
        [{ stat: 'p99' }, store.latencyMsP99 / 1_000],
      ]),
    ),
  ];
}
