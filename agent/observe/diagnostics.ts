import type { Clock } from '../clock.ts';
import { buildHealth, type HealthSources } from '../health/report.ts';
import { messageBytesMax } from '../limits.ts';
import type { LogBook } from '../log.ts';
import type { Running } from '../running.ts';
import type { Chronicle } from './chronicle.ts';
import { configView } from './config-view.ts';
import { happeningKinds } from './event-ring.ts';
import { healthChecks } from './health-checks.ts';
import { createHeapDumper } from './heap.ts';
import { type HttpAnswer, refusalAnswer } from './http-answer.ts';
import type { HttpRequest, HttpRoute } from './http-server.ts';
import type { MetricSources } from './metrics/sources.ts';
import { metricFamilies } from './metrics/table.ts';
import { formatMetrics, metricsContentType } from './metrics/text.ts';
import { createProfiler } from './profile.ts';

export interface DiagnosticsDependencies {
  readonly clock: Clock;
  readonly running: Running;
  readonly sources: HealthSources;
  readonly metrics: MetricSources;
  readonly chronicle: Chronicle;
  readonly logBook: LogBook | undefined;
}

/** What the agent tells about itself to whoever may ask. Nothing here changes anything. */
export function diagnosticRoutes(dependencies: DiagnosticsDependencies): readonly HttpRoute[] {
  const { clock, running, sources, metrics, chronicle, logBook } = dependencies;
  const get = (
    path: string,
    answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer | undefined>,
  ): HttpRoute => ({
    path,
    method: 'GET',
    answer: async (request) => await answer(request),
  });
  const metricsText = () => ({
    code: 200,
    body: formatMetrics(metricFamilies(metrics)),
    headers: { 'content-type': metricsContentType },
  });
  return [
    get('/metrics', metricsText),
    get('/debug/metrics', metricsText),
    get('/debug/config', () => ({ code: 200, body: configView(running.config) })),
    get('/debug/health', () => {
      const checks = healthChecks(sources);
      return { code: checks.ok ? 200 : 503, body: JSON.stringify({ ...checks, report: buildHealth(sources, 0) }) };
    }),
    get('/debug/selftest', () => ({ code: 200, body: JSON.stringify(sources.selfTest()) })),
    get('/debug/events', ({ query }) => eventsAnswer(chronicle, query.get('after'))),
    get('/debug/log', ({ query }) => logAnswer(logBook, query.get('after'))),
    get('/debug/profile', createProfiler(clock)),
    get('/debug/heap', createHeapDumper(clock)),
  ];
}

/** Those behind the number the caller has already, the oldest first. */
function eventsAnswer({ ring, last }: Chronicle, after: string | null): HttpAnswer {
  const afterLsn = numberOf(after);
  if (afterLsn === undefined) return notNumber;
  const events = ring
    .read()
    .filter(({ stamp }) => stamp.lsn > afterLsn)
    .map(({ stamp: { lsn, wallMs: ts, monotonicMs }, ...happening }) => {
      return { lsn, ts, monotonic_ms: Math.round(monotonicMs), ...happening };
    });
  const totals = Object.fromEntries(happeningKinds.map((kind) => [kind, ring.total(kind)]));
  return { code: 200, body: JSON.stringify({ last_lsn: last, totals, events }) };
}

/** The last lines of the log behind the one the caller has already, the oldest first. */
function logAnswer(book: LogBook | undefined, after: string | null): HttpAnswer {
  const afterNumber = numberOf(after);
  if (afterNumber === undefined) return notNumber;
  const lines = book?.tail.read(afterNumber, messageBytesMax) ?? [];
  // Each line is JSON already.
  const head = JSON.stringify({ level: book?.level ?? 'error', last: book?.tail.last ?? 0 });
  return { code: 200, body: `${head.slice(0, -1)},"lines":[${lines.map(({ text }) => text).join(',')}]}` };
}

function numberOf(text: string | null): number | undefined {
  const number = Number(text ?? 0);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

const notNumber = refusalAnswer({ reason: 'out-of-range', detail: 'after is the number of the last one you have' });
