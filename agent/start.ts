import type { GpioBackend } from '../drivers/contract/digital.ts';
import type { Result } from '../drivers/contract/result.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { createAcknowledger } from './dispatch/acknowledge.ts';
import { DispatchCounters } from './dispatch/counters.ts';
import { createHandler } from './dispatch/handle.ts';
import { DispatchLoop } from './dispatch/run.ts';
import { createTable, type DocumentTable } from './dispatch/table.ts';
import { Board } from './documents/board.ts';
import type { DocumentSurroundings } from './documents/kind.ts';
import { createPublisher, type Publisher } from './documents/publisher.ts';
import { DocumentStates } from './documents/states.ts';
import { bootTests } from './health/boot-tests.ts';
import { createClockQuality } from './health/clock-quality.ts';
import { openLoopLag } from './health/loop-lag.ts';
import type { HealthSources } from './health/report.ts';
import { HealthReporter } from './health/reporter.ts';
import { runSelfTest, type SelfTestReport } from './health/self-test.ts';
import { poolProfiles, shutdownMsMax } from './limits.ts';
import type { Log } from './log.ts';
import type { LastWill, Link, LinkHandlers, Subscription } from './mqtt/link.ts';
import { Outbox } from './mqtt/outbox.ts';
import { createPool, type Pool } from './pool/pool.ts';
import type { ClockQuality, Value } from './qn/message.ts';
import { encodeMessage } from './qn/registry.ts';
import { createIdSource, type IdSource } from './qn/snowflake.ts';
import { formatTopic } from './qn/topic.ts';

/** What the agent cannot make itself; in tests each of these is a simulated one. */
export interface Environment {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  openGpio(config: Config['gpio']): Promise<Result<GpioBackend>>;
  readonly openBytePort: DocumentSurroundings['openBytePort'];
  openLink(will: LastWill, subscriptions: readonly Subscription[], handlers: LinkHandlers): Link;
}

export interface Agent extends AsyncDisposable {
  readonly boot: bigint;
  readonly selfTest: SelfTestReport;
  readonly table: DocumentTable;
  /** For tests and diagnostics: the sources of the health report. */
  readonly sources: HealthSources;
}

/**
 * The composition root: the only place that sees every room. Opens them in order, runs the self-test, connects.
 * Disposal goes the same way back: drivers to their exit state, goodbye on the health topic, then the pool, where a
 * leaked slot is an assertion.
 */
export async function startAgent(config: Config, configHash: string, environment: Environment): Promise<Agent> {
  const { clock, log } = environment;
  const startMs = clock.monotonicMs();
  const pool = createPool(poolProfiles[config.pool.profile]);
  pool.seal();
  const voice = openVoice(config, environment, pool);
  const { boot, outbox, states } = voice;
  const table = createTable(config);
  const trouble = { changed: () => {} };
  const board = await openBoard(config, environment, { pool, voice, table, troubleChanged: () => trouble.changed() });

  const document = (name: string) => board.document(name);
  const selfTest = await runSelfTest(clock, bootTests({ clock, pool, config, configHash, document }));
  logSelfTest(log, selfTest);
  states.change('selftest', { ...selfTest, tests: selfTest.tests.map((row) => ({ ...row })) });
  states.change('channels', channelsOf(config));

  const counters = new DispatchCounters();
  const loop = openDispatch(config, environment, { pool, voice, table, board, counters });
  const loopLag = openLoopLag();
  const broker = { name: '' };
  const sources: HealthSources = {
    boot,
    configHash,
    uptimeMs: () => clock.monotonicMs() - startMs,
    clockQuality: voice.clockQuality,
    drivers: () => board.reports(),
    selfTest: () => selfTest,
    pool: () => pool.stats(),
    outbox: () => outbox.stats(),
    dispatch: () => counters.totals(),
    link: () => ({ broker: broker.name, counters: link.counters, brokers: link.brokers() }),
    loop: () => loopLag.read(),
  };
  const reporter = new HealthReporter({ ...voice, ...environment, sources }, config.health.intervalMs);
  trouble.changed = () => reporter.refresh();

  const will = offlineWill(config, boot);
  const subscriptions = table.filters.map((filter) => ({ filter, qos: 1 as const }));
  const link = environment.openLink(will, subscriptions, {
    onUp(up) {
      broker.name = up.broker;
      outbox.up(link, up);
      reporter.tell(); // QN-5.3: health first, then the snapshots.
      states.reannounce();
    },
    onDown(error) {
      outbox.down();
      log.warn({ kind: error.kind, detail: error.detail }, 'connection lost');
    },
    onTrouble: (error) => log.warn({ kind: error.kind, detail: error.detail }, 'cannot connect yet'),
    onMessage: (message) => loop.receive(message),
  });
  outbox.onRoom(() => states.flush());

  return {
    boot,
    selfTest,
    table,
    sources,
    async [Symbol.asyncDispose]() {
      loop.close();
      reporter[Symbol.dispose]();
      await board[Symbol.asyncDispose](); // First, so that the exit states are still told.
      const isDrained = await outbox.drain(shutdownMsMax / 2);
      // A broker that acknowledges nothing takes no more of QoS 1; QoS 0 is outside its window.
      await sayGoodbye(link, isDrained ? will : { ...will, qos: 0 });
      await link[Symbol.asyncDispose]();
      outbox.close();
      loopLag[Symbol.dispose]();
      pool.close();
    },
  };
}

/** Everything that is needed to say something. */
interface Voice {
  /** Boot id, and the epoch of every document (QN-1.4). */
  readonly boot: bigint;
  readonly ids: IdSource;
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly states: DocumentStates;
  readonly clockQuality: () => ClockQuality;
}

function openVoice(config: Config, { clock, log }: Environment, pool: Pool): Voice {
  const clockQuality = createClockQuality(clock);
  const ids = createIdSource({ clock, nodeName: config.node });
  const boot = ids.next();
  const outbox = new Outbox(clock, pool);
  const { root, encoding } = config.mqtt;
  const publisher = createPublisher({ clock, log, ids, outbox, clockQuality }, { root, node: config.node, encoding });
  return { boot, ids, outbox, publisher, states: new DocumentStates(boot, publisher, outbox), clockQuality };
}

interface BoardParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: DocumentTable;
  troubleChanged(): void;
}

async function openBoard(config: Config, environment: Environment, parts: BoardParts): Promise<Board> {
  const { clock, log, openBytePort } = environment;
  const { pool, table, troubleChanged } = parts;
  const { boot, publisher, states } = parts.voice;
  const changed = (name: string, value: Value) => states.change(name, value);
  const happened = (name: string, val: Value) => {
    const message = { t: 'event', val, ep: boot } as const;
    publisher.say({ message, to: { verb: 'event', document: name }, retain: false, policy: 'keep' });
  };
  const gpio = await environment.openGpio(config.gpio);
  return await Board.open({ clock, log, pool, openBytePort, changed, happened, troubleChanged }, gpio, table.rows);
}

interface DispatchParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: DocumentTable;
  readonly board: Board;
  readonly counters: DispatchCounters;
}

function openDispatch(config: Config, { clock, log }: Environment, parts: DispatchParts): DispatchLoop {
  const { pool, voice, table, board, counters } = parts;
  const acknowledger = createAcknowledger(voice.publisher, config.mqtt.acks);
  const dependencies = { ...voice, clock, log, pool, board, acknowledger, counters };
  const { handle, refuse } = createHandler(dependencies, config.mqtt.root);
  const limits = poolProfiles[config.pool.profile];
  const inboundCountMax = limits.small.quota.inbound + limits.large.quota.inbound;
  return new DispatchLoop({ clock, pool, table, counters, handle, refuse }, inboundCountMax);
}

/** What the broker says in our name when we are gone (QN-6): retained, so that it is seen by whoever comes later. */
function offlineWill(config: Config, boot: bigint): LastWill {
  const val = { status: 'offline', boot: boot.toString() };
  const message = { t: 'health', src: config.node, doc: 'agent', ep: boot, val } as const;
  const encoded = encodeMessage(message, config.mqtt.encoding);
  if (!encoded.ok) throw new Error(`the last will cannot be encoded: ${encoded.error.detail}`);
  const topic = formatTopic(config.mqtt.root, config.node, 'health', 'agent');
  return { topic, payload: encoded.value.bytes, qos: 1, retain: true };
}

/** A clean stop drops the last will, so the same words are said by hand. */
function sayGoodbye(link: Link, will: LastWill): Promise<void> {
  return new Promise((resolve) => link.publish(will, () => resolve()));
}

/** The table channel number ↔ document (QN-3.3). */
function channelsOf(config: Config): Value {
  const numbered = Object.entries(config.documents).flatMap(([name, { number }]) =>
    number === undefined ? [] : [[String(number), name] as const],
  );
  return Object.fromEntries(numbered);
}

function logSelfTest(log: Log, { health_status, took_ms, tests }: SelfTestReport): void {
  for (const { id, status, detail, fix } of tests)
    if (status === 'fail') log.error({ id, detail, fix }, 'self-test failed');
  log.info({ health_status, took_ms, tests: tests.length }, 'self-test done');
}
