import { degradeLevelOf, type HealthSources } from '../../health/report.ts';
import { certificateWarnings, unsaidWarnings, warningCodes } from '../../health/warnings.ts';
import { counter, type Family, gauge, type Sample } from './family.ts';

export function boardMetrics(health: HealthSources): readonly Family[] {
  const drivers = health.drivers();
  const selfTest = health.selfTest();
  const http = health.http();
  return [
    gauge(
      'qn_driver_up',
      'Whether the driver of a document works.',
      drivers.map(({ document, driver, state }) => [{ document, driver }, state === 'working' ? 1 : 0]),
    ),
    counter(
      'qn_driver_errors_total',
      'Times a driver failed.',
      drivers.map(({ document, driver, errorCount }) => [{ document, driver }, errorCount]),
    ),
    gauge(
      'qn_output_safe',
      'Whether an output is in a safe state and waits for a command.',
      drivers.map(({ document, safe }) => [{ document }, safe === undefined ? 0 : 1]),
    ),
    gauge(
      'qn_degrade_level',
      'What the board does without because of load: 0 nothing, 3 the most.',
      degradeLevelOf(health),
    ),
    gauge(
      'qn_selftest_failed',
      'Tests of the self-test that failed.',
      selfTest.tests.filter(({ status }) => status === 'fail').length,
    ),
    gauge('qn_selftest_max_latency_seconds', 'Slowest test of a driver.', selfTest.max_latency_us / 1_000_000),
    gauge('qn_warnings', 'Warnings of the health report, by what they are about.', warningsOf(health)),
    gauge('qn_http_clients', 'Applications of this machine.', http === undefined ? [] : [[{}, http.clients]]),
    counter(
      'qn_http_events_lost_total',
      'Events an application was too slow for.',
      http === undefined ? [] : [[{}, http.eventsLost]],
    ),
  ];
}

/** Also those that there are none of: an alert that is over must see the end of it. */
function warningsOf(health: HealthSources): readonly Sample[] {
  const { brokers, refused = [], twin } = health.link();
  const others = health.warnings?.() ?? [];
  return warningCodes.map((code) => {
    if (code === 'deaf') return [{ code }, refused.length];
    if (code === 'mute') return [{ code }, unsaidWarnings(brokers).length];
    if (code === 'twin') return [{ code }, twin === undefined ? 0 : 1];
    if (code === 'certificate') return [{ code }, certificateWarnings(brokers).length];
    return [{ code }, others.filter((warning) => warning.code === code).length];
  });
}
