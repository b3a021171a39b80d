import { counter, type Family, gauge, type Sample, timing } from './family.ts';
import type { MetricSources } from './sources.ts';

export function linkMetrics({ health, instruments }: MetricSources): readonly Family[] {
  const { broker, counters, brokers } = health.link();
  const isUp = brokers.some(({ state }) => state === 'in-use');
  const { depth, inFlight, oldestMs, dropped, sent, refused } = health.outbox();
  return [
    gauge('qn_link_up', 'Whether the agent is connected to a broker.', [[{ broker }, isUp ? 1 : 0]]),
    gauge('qn_link_in_flight', 'Messages handed to the broker and not acknowledged yet.', inFlight),
    counter('qn_link_connects_total', 'Connections that came up, the first included.', counters.connects),
    counter('qn_link_attempts_total', 'Attempts to connect.', counters.attempts),
    counter('qn_link_messages_total', 'Messages over the link, by direction.', [
      [{ direction: 'in' }, counters.messagesIn],
      [{ direction: 'out' }, counters.messagesOut],
    ]),
    counter(
      'qn_broker_reconnects_total',
      'Connections to a broker after the first.',
      brokers.map(({ url, reconnects }) => [{ broker: url }, reconnects]),
    ),
    gauge(
      'qn_broker_score',
      'How well a broker answers, from 0 to 1.',
      brokers.map(({ url, score }) => [{ broker: url }, score]),
    ),
    gauge(
      'qn_broker_probe_round_trip_seconds',
      'Round trip of the probe to a broker, smoothed; only with several brokers.',
      brokers.flatMap(({ url, latencyMs }): Sample[] =>
        latencyMs === undefined ? [] : [[{ broker: url }, latencyMs / 1_000]],
      ),
    ),
    timing('qn_publish_acknowledge_seconds', 'From sending a message to its acknowledgement.', instruments.acknowledge),
    timing(
      'qn_send_slot_wait_seconds',
      'From having something to say to a free place in the send window.',
      instruments.sendWait,
    ),
    gauge('qn_outbox_depth', 'Messages that wait for the broker.', depth),
    gauge(
      'qn_outbox_oldest_seconds',
      'Age of the oldest message the broker has not acknowledged: the lag behind it.',
      oldestMs / 1_000,
    ),
    counter('qn_outbox_sent_total', 'Messages the broker acknowledged.', sent),
    counter('qn_outbox_dropped_total', 'Messages thrown away, by reason.', [
      [{ reason: 'full' }, dropped],
      [{ reason: 'refused-by-broker' }, refused],
    ]),
    counter('qn_retained_lost_total', 'Times a broker came back without what it had retained.', health.retainedLost()),
  ];
}
