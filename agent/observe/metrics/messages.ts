import { counter, type Family, gauge, timing } from './family.ts';
import type { MetricSources } from './sources.ts';

export function messageMetrics({ health, instruments, queueDepth }: MetricSources): readonly Family[] {
  const { received, successful, failed, superseded, answered, refused, stray } = health.dispatch();
  const watches = health.watches();
  return [
    gauge('qn_queue_depth', 'Messages that arrived and were not looked at yet.', queueDepth()),
    counter('qn_messages_received_total', 'Messages on topics of this node.', received),
    counter(
      'qn_messages_stray_total',
      'Messages on topics that are none of ours, and empty ones that command nothing.',
      stray,
    ),
    counter('qn_commands_total', 'Commands that ended, by how.', [
      [{ outcome: 'successful' }, successful],
      [{ outcome: 'failed' }, failed],
      [{ outcome: 'superseded' }, superseded],
    ]),
    counter('qn_queries_answered_total', 'Queries that were answered.', answered),
    counter(
      'qn_messages_refused_total',
      'Messages refused, by reason.',
      Object.entries(refused).map(([reason, count]) => [{ reason }, count]),
    ),
    timing('qn_command_duration_seconds', 'From the arrival of a command to its end.', instruments.command),
    {
      type: 'histogram',
      name: 'qn_codec_seconds',
      help: 'Time to decode or encode a message.',
      histograms: [
        [{ operation: 'decode' }, instruments.decode],
        [{ operation: 'encode' }, instruments.encode],
      ],
    },
    gauge('qn_watches_open', 'Watches with a lease.', watches.open),
    counter('qn_watches_refused_total', 'Watches not opened because there were too many.', watches.refused),
  ];
}
