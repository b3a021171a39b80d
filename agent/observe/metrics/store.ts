import type { HealthSources } from '../../health/report.ts';
import { counter, type Family, gauge } from './family.ts';

/** Nothing when nothing outlives the agent. */
export function storeMetrics(health: HealthSources): readonly Family[] {
  const store = health.store();
  if (store === undefined) return [];
  return [
    gauge('qn_store_up', 'Whether what must survive a power cut can be written.', store.state === 'working' ? 1 : 0),
    counter('qn_store_written_bytes_total', 'Bytes written to the disk.', store.writtenBytes),
    gauge('qn_store_file_bytes', 'Size of the database.', store.fileBytes),
    counter('qn_store_commits_total', 'Transactions.', store.commits),
    counter('qn_store_fsyncs_total', 'Times the disk was told to keep what it has.', store.fsyncs),
    counter('qn_store_writes_total', 'Calls that were made durable.', store.writes),
    counter('qn_store_lost_total', 'Calls that were not made durable, by reason.', [
      [{ reason: 'overloaded' }, store.refused],
      [{ reason: 'disk' }, store.failed],
    ]),
    gauge('qn_store_pending', 'Calls that wait for the disk.', store.pending),
    gauge('qn_store_latency_seconds', 'From a call until it is durable, of the last few hundred.', [
      [{ stat: 'p50' }, store.latencyMsP50 / 1_000],
      [{ stat: 'p99' }, store.latencyMsP99 / 1_000],
    ]),
  ];
}
