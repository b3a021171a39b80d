import type { DispatchTotals } from '../dispatch/counters.ts';
import type { DriverReport } from '../documents/place.ts';
import type { WatchStats } from '../documents/watches.ts';
import type { DurableStats } from '../mqtt/durable-message.ts';
import type { BrokerReport, LinkCounters } from '../mqtt/link.ts';
import type { OutboxStats } from '../mqtt/outgoing.ts';
import type { LocalHttpStats } from '../observe/local-http.ts';
import type { PoolStats } from '../pool/pool.ts';
import type { SlabStats } from '../pool/slab.ts';
import type { Value } from '../qn/message.ts';
import type { StoreMetrics } from '../store/metrics.ts';
import { agentVersion, protocolVersion } from '../version.ts';
import { type DegradeLevel, type Sparing, switchedOff } from './load.ts';
import type { LoopLag } from './loop-lag.ts';
import { isFailed, type SelfTestReport } from './self-test.ts';
import { linkWarnings, type Warning } from './warnings.ts';

/** safe: an output is in a safe state, waiting for a command. `offline` is told by the last will. */
export type AgentStatus = 'online' | 'degraded' | 'safe';

/** Where the numbers come from; each is asked for, nothing is kept here. */
export interface HealthSources {
  readonly boot: bigint;
  readonly configHash: string;
  uptimeMs(): number;
  clockQuality(): string;
  drivers(): readonly DriverReport[];
  selfTest(): SelfTestReport;
  pool(): PoolStats;
  outbox(): OutboxStats & DurableStats;
  dispatch(): DispatchTotals;
  watches(): WatchStats;
  /** Absent: nothing outlives the agent. */
  store(): StoreMetrics | undefined;
  /** Absent: it is off. */
  http(): LocalHttpStats | undefined;
  /** How often a broker came back without what it had retained for us. */
  retainedLost(): number;
  link(): {
    readonly broker: string;
    readonly counters: LinkCounters;
    readonly brokers: readonly BrokerReport[];
    /** What the broker in use does not let this node hear. */
    readonly refused?: readonly string[];
    /** That another board seems to have the name of this one. */
    readonly twin?: string;
    /** The connection for emergency documents. */
    readonly express: { readonly state: 'none' | 'up' | 'down'; readonly trouble: string | undefined };
  };
  /** Beside those about the link. */
  warnings?(): readonly Warning[];
  loop(): ReturnType<LoopLag['read']>;
  /** What the board does without because it has too much to do. */
  sparing(): Sparing;
  /** By this process since its start; absent: the kernel does not count it. */
  diskWrittenBytes(): number | undefined;
  /** In the last 24 hours, or since its start. */
  diskWrittenBytesLastDay(): number | undefined;
}

/** Depends on the board only, never on whether a broker can be reached (QN-6.2). */
export function statusOf(sources: Pick<HealthSources, 'drivers' | 'selfTest' | 'store' | 'sparing'>): AgentStatus {
  const drivers = sources.drivers();
  if (drivers.some(({ safe }) => safe !== undefined)) return 'safe';
  const isSound = sources.selfTest().health_status === 'PASS' && drivers.every(({ state }) => state === 'working');
  return isSound && isStoreWell(sources.store()) && sources.sparing().level < 2 ? 'online' : 'degraded';
}

/** By load; without its store the board does without something as well (QN-6.9). */
export function degradeLevelOf({ store, sparing }: Pick<HealthSources, 'store' | 'sparing'>): DegradeLevel {
  const { level } = sparing();
  return level === 0 && !isStoreWell(store()) ? 1 : level;
}

/**
 * The report as it is, or when no slot of the pool is large enough for it, what matters most (`is_brief`): a board that
 * says little is better than one that says nothing.
 */
export function fitHealth(
  report: { readonly [key: string]: Value },
  bytesMax: number,
): { readonly [key: string]: Value } {
  if (Buffer.byteLength(JSON.stringify(report)) <= bytesMax) return report;
  const {
    status = null,
    boot = null,
    seq = null,
    uptime_s = null,
    interval_s = null,
    degrade_level = null,
    switched_off = [],
    why,
  } = report;
  const reasons = Array.isArray(why) ? why.slice(0, 5).map((reason) => String(reason).slice(0, 200)) : [];
  return { status, boot, seq, uptime_s, interval_s, degrade_level, switched_off, why: reasons, is_brief: true };
}

/** Absent is well: then it is not part of this agent. */
function isStoreWell(store: StoreMetrics | undefined): boolean {
  return store === undefined || store.state === 'working';
}

/** The value of `health/agent` (QN-6). Units are in the key names (QN-6.1). */
export function buildHealth(sources: HealthSources, sequence: number): { readonly [key: string]: Value } {
  const drivers = sources.drivers();
  const store = sources.store();
  const selfTest = sources.selfTest();
  const sparing = sources.sparing();
  const safe = drivers.filter((driver) => driver.safe !== undefined);
  const failed = drivers.filter(({ state }) => state === 'failed');
  return {
    status: statusOf(sources),
    boot: sources.boot.toString(),
    seq: sequence,
    uptime_s: Math.floor(sources.uptimeMs() / 1_000),
    versions: { agent: agentVersion, protocol: protocolVersion, node: process.version, config: sources.configHash },
    selftest: { health_status: selfTest.health_status, failed: selfTest.tests.filter(isFailed).map(({ id }) => id) },
    clock: sources.clockQuality(),
    pool: valueOfPool(sources.pool()),
    outbox: valueOfOutbox(sources.outbox()),
    messages: valueOfDispatch(sources.dispatch()),
    watches: { ...sources.watches() },
    ...valueOfStore(store),
    ...valueOfHttp(sources.http()),
    retained_lost: sources.retainedLost(),
    loop: { ...sources.loop() },
    ...valueOfDisk(sources),
    rss_bytes: process.memoryUsage.rss(),
    drivers: Object.fromEntries(drivers.map((driver) => [driver.document, valueOfDriver(driver)])),
    link: valueOfLink(sources.link()),
    warnings: [...linkWarnings(sources.link()), ...(sources.warnings?.() ?? []).map(({ text }) => text)],
    degrade_level: degradeLevelOf(sources),
    switched_off: [...switchedOff(sparing.level), ...(isStoreWell(store) ? [] : ['journal'])],
    why: [
      ...sparing.why,
      ...safe.map((driver) => `${driver.document}: ${driver.safe ?? 'safe'}`),
      ...(isStoreWell(store)
        ? []
        : [
            `store: ${store?.state ?? ''}: commands that must not be done twice are refused, and events do not outlive the agent`,
          ]),
      ...failed.map(({ document, error }) => `${document}: ${error ?? 'failed'}`),
      ...selfTest.tests.filter(isFailed).map(({ id, detail }) => `${id}: ${detail}`),
    ],
  };
}

function valueOfDisk(sources: HealthSources): { readonly disk?: Value } {
  const bytes = sources.diskWrittenBytes();
  const lastDayBytes = sources.diskWrittenBytesLastDay();
  if (bytes === undefined || lastDayBytes === undefined) return {};
  return { disk: { written_bytes: bytes, written_bytes_last_day: lastDayBytes } };
}

function valueOfStore(store: StoreMetrics | undefined): { readonly [key: string]: Value } {
  return store === undefined ? {} : { store: { ...store } };
}

function valueOfLink({ broker, counters, brokers, express }: ReturnType<HealthSources['link']>): Value {
  const { connects, attempts } = counters;
  const { state, trouble } = express;
  const emergency = state === 'none' ? {} : { emergency: { state, ...(trouble !== undefined && { trouble }) } };
  const reconnects = Math.max(0, connects - 1);
  return { broker, reconnects, attempts, brokers: brokers.map(valueOfBroker), ...emergency };
}

function valueOfBroker({ url, state, score, reconnects, lastError, ...days }: BrokerReport): Value {
  const { certificateDays, ownCertificateDays } = days;
  const row = {
    url,
    state,
    score: Math.round(score * 100) / 100,
    reconnects,
    ...(certificateDays !== undefined && { certificate_days: certificateDays }),
    ...(ownCertificateDays !== undefined && { own_certificate_days: ownCertificateDays }),
  };
  if (lastError === undefined) return row;
  const { kind, code, detail, fix } = lastError;
  return { ...row, last_error: { kind, ...(code && { code }), detail, ...(fix && { fix }) } };
}

function valueOfDriver({ driver, state, error, errorCount, safe, about }: DriverReport): Value {
  const trouble = { ...(error === undefined ? {} : { error }), ...(safe === undefined ? {} : { safe }) };
  return { ...about, driver, state, errors: errorCount, ...trouble };
}

function valueOfOutbox(outbox: OutboxStats & DurableStats): Value {
  const { depth, inFlight, oldestMs, dropped, sent, refused, leftOut, stored, storedBytes, storedDropped } = outbox;
  const memory = { depth, in_flight: inFlight, oldest_ms: oldestMs, dropped, sent, refused_by_broker: refused };
  return { ...memory, left_out: leftOut, stored, stored_bytes: storedBytes, stored_dropped: storedDropped };
}

function valueOfHttp(stats: LocalHttpStats | undefined): { readonly http?: Value } {
  if (stats === undefined) return {};
  const { listening, failed, clients, streams, slow, eventsLost } = stats;
  return { http: { listening, failed, clients, streams, slow, events_lost: eventsLost } };
}

function valueOfDispatch(totals: DispatchTotals): Value {
  const { received, successful, failed, superseded, answered, refused, stray } = totals;
  return { received, successful, failed, superseded, answered, refused: { ...refused }, stray };
}

function valueOfPool({ bytesTotal, tooLarge, small, large }: PoolStats): Value {
  return { bytes: bytesTotal, too_large: tooLarge, small: valueOfSlab(small), large: valueOfSlab(large) };
}

function valueOfSlab({ slots, holders }: SlabStats): Value {
  const entries = Object.entries(holders);
  const perHolder = entries.map(([holder, { used, quota, highWater, refused }]) => {
    return [holder, { used, quota, high_water: highWater, refused }] as const;
  });
  return { slots, ...Object.fromEntries(perHolder) };
}
