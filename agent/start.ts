import type { Config } from './config/config.ts';
import { type Acknowledger, createAcknowledger } from './dispatch/acknowledge.ts';
import { DispatchCounters } from './dispatch/counters.ts';
import { createHandler } from './dispatch/handle.ts';
import { tellInterrupted } from './dispatch/interrupted.ts';
import { createJournaling } from './dispatch/journaling.ts';
import { DispatchLoop } from './dispatch/run.ts';
import { createTable, type DocumentTable } from './dispatch/table.ts';
import { Board } from './documents/board.ts';
import { channelsOf } from './documents/channels.ts';
import { MemoryFile } from './documents/memory-file.ts';
import type { Agent, Environment } from './environment.ts';
import { offlineWill, sayGoodbye } from './farewell.ts';
import { bootTests } from './health/boot-tests.ts';
import { openLoopLag } from './health/loop-lag.ts';
import type { HealthSources } from './health/report.ts';
import { HealthReporter } from './health/reporter.ts';
import { logSelfTest, repeatFailed, runSelfTest, valueOfSelfTest } from './health/self-test.ts';
import { poolProfiles, shutdownMsMax } from './limits.ts';
import { RetainedCheck } from './mqtt/retained-check.ts';
import type { LocalHttp } from './observe/local-http.ts';
import { createPool, type Pool } from './pool/pool.ts';
import type { Value } from './qn/message.ts';
import type { Store } from './store/store.ts';
import { openVoice, type Voice } from './voice.ts';

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
  const local: Local = {};
  const trouble = { changed: () => {} };
  const troubleChanged = () => trouble.changed();
  const store = await openStoreOf(environment, troubleChanged);
  const voice = openVoice(config, { clock, log, store }, pool);
  const { boot, outbox, durable, states, watches } = voice;
  const table = createTable(config);
  const memory = await MemoryFile.open({ clock, log }, config.stateFolder);
  const board = await openBoard(config, environment, { pool, voice, table, local, memory, troubleChanged });
  board.setOnline(false);

  const document = (name: string) => board.document(name);
  const plan = bootTests({ clock, pool, config, configHash, document });
  let selfTest = await runSelfTest(clock, plan);
  logSelfTest(log, selfTest);
  states.change('selftest', valueOfSelfTest(selfTest));
  states.change('channels', channelsOf(config));

  const counters = new DispatchCounters();
  const { loop, settled } = openDispatch(config, environment, { pool, voice, table, board, counters, local, store });
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
    watches: () => watches.stats(),
    store: () => store?.metrics(),
    http: () => local.http?.stats(),
    retainedLost: () => retained.lostCount,
    link: () => ({ broker: broker.name, counters: link.counters, brokers: link.brokers() }),
    loop: () => loopLag.read(),
  };
  const reporter = new HealthReporter({ ...voice, ...environment, sources }, config.health.intervalMs);
  /** A driver that failed its self-test and works again passes it again. */
  const repeatSelfTest = async () => {
    const working = new Set(
      board.reports().flatMap(({ document: name, state }) => (state === 'working' ? [name] : [])),
    );
    const isBack = (id: string) => working.has(id.slice('driver.'.length));
    selfTest = await repeatFailed(clock, plan, selfTest, isBack);
    states.change('selftest', valueOfSelfTest(selfTest));
    reporter.refresh();
  };
  trouble.changed = () => {
    durable.storeChanged();
    reporter.refresh();
    void repeatSelfTest();
  };

  const will = offlineWill(config, boot);
  const retained = new RetainedCheck(clock, will.topic, (lostBy) => {
    const message = { t: 'event', val: { what: 'retained_lost', broker: lostBy }, ep: boot } as const;
    voice.publisher.say({ message, to: { verb: 'event', document: 'agent' }, retain: false, policy: 'keep' });
    log.warn({ broker: lostBy }, 'the broker lost what it had retained');
    reporter.tell();
  });
  const subscriptions = [...table.filters, retained.topic].map((filter) => ({ filter, qos: 1 as const }));
  const link = environment.openLink(will, subscriptions, {
    onUp(up) {
      broker.name = up.broker;
      board.setOnline(true);
      outbox.up(link, up);
      retained.up(up.broker);
      reporter.tell(); // QN-5.3: health first, then the snapshots.
      states.reannounce();
      watches.reannounce();
      durable.up();
    },
    onDown(error) {
      outbox.down();
      durable.down();
      retained.down();
      board.setOnline(false);
      log.warn({ kind: error.kind, detail: error.detail }, 'connection lost');
    },
    onTrouble: (error) => log.warn({ kind: error.kind, detail: error.detail }, 'cannot connect yet'),
    onMessage(message) {
      if (!retained.hear(message) || table.routes(message.topic).length > 0) loop.receive(message);
    },
  });
  outbox.onRoom(() => {
    reporter.flush();
    states.flush();
    watches.flush();
    durable.refill();
  });
  if (config.http !== undefined) {
    const { openLocalHttp } = await import('./observe/local-http.ts'); // Costs nothing when it is off.
    const names = { root: config.mqtt.root, node: config.node };
    local.http = await openLocalHttp({ ...voice, clock, log, table, loop }, config.http, names);
  }

  return {
    boot,
    get selfTest() {
      return selfTest;
    },
    table,
    sources,
    async [Symbol.asyncDispose]() {
      await local.http?.[Symbol.asyncDispose]();
      loop.close();
      reporter[Symbol.dispose]();
      retained[Symbol.dispose]();
      await board[Symbol.asyncDispose](); // First, so that the exit states are still told.
      await settled(); // What was under way has failed now, and gives its slots back.
      await memory[Symbol.asyncDispose]();
      const isDrained = await outbox.drain(shutdownMsMax / 2);
      watches[Symbol.dispose]();
      // A broker that acknowledges nothing takes no more of QoS 1; QoS 0 is outside its window.
      await sayGoodbye(link, isDrained ? will : { ...will, qos: 0 }, clock);
      await link[Symbol.asyncDispose]();
      await durable.flush(); // What the broker did not acknowledge is sent in the next life.
      outbox.close();
      await store?.[Symbol.asyncDispose]();
      loopLag[Symbol.dispose]();
      pool.close();
    },
  };
}

/** An agent without a store can still drive pins; the log and health say what is missing. */
async function openStoreOf({ openStore, log }: Environment, onTrouble: () => void): Promise<Store | undefined> {
  const opened = await openStore?.(onTrouble);
  if (opened === undefined || opened.ok) return opened?.value;
  const { kind, detail, fix } = opened.error;
  log.error({ kind, detail, fix }, 'the store does not open; nothing will outlive the agent');
  return undefined;
}

/** Applications of this machine; open only when the config says so, and last. */
interface Local {
  http?: LocalHttp;
}

interface BoardParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: DocumentTable;
  readonly local: Local;
  readonly memory: MemoryFile;
  troubleChanged(): void;
}

async function openBoard(config: Config, environment: Environment, parts: BoardParts): Promise<Board> {
  const { clock, log, random, openBytePort } = environment;
  const { pool, table, local, memory, troubleChanged } = parts;
  const { boot, publisher, states } = parts.voice;
  const changed = (name: string, value: Value) => states.change(name, value);
  const happened = (name: string, val: Value) => {
    const message = { t: 'event', val, ep: boot } as const;
    publisher.say({
      message,
      to: { verb: 'event', document: name },
      retain: false,
      policy: 'keep',
      durability: 'soon',
    });
    local.http?.happened(name, message);
  };
  const gpio = await environment.openGpio(config.gpio);
  const pwm = environment.createPwm(config.gpio);
  const memoryOf = (name: string) => memory.of(name);
  const dependencies = { clock, log, pool, random, openBytePort, pwm, memoryOf, changed, happened, troubleChanged };
  return await Board.open(dependencies, gpio, table.rows);
}

interface DispatchParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: DocumentTable;
  readonly board: Board;
  readonly counters: DispatchCounters;
  readonly local: Local;
  readonly store: Store | undefined;
}

interface Dispatch {
  readonly loop: DispatchLoop;
  /** Resolves when no command is under way and none waits. */
  settled(): Promise<void>;
}

function openDispatch(config: Config, { clock, log }: Environment, parts: DispatchParts): Dispatch {
  const { pool, voice, table, board, counters, local, store } = parts;
  const told = createAcknowledger(voice.publisher, config.mqtt.acks);
  const acknowledger: Acknowledger = {
    tell(command, verdict) {
      told.tell(command, verdict);
      local.http?.acknowledged(command, verdict);
    },
  };
  const journaling = createJournaling({ clock, log, journal: store?.journal, boot: voice.boot });
  if (store !== undefined) void tellInterrupted(store.journal, acknowledger);
  const dependencies = { ...voice, clock, log, pool, board, acknowledger, counters, journaling };
  const { handle, refuse, settled } = createHandler(dependencies, config.mqtt.root);
  const limits = poolProfiles[config.pool.profile];
  const inboundCountMax = limits.small.quota.inbound + limits.large.quota.inbound;
  return { loop: new DispatchLoop({ clock, pool, table, counters, handle, refuse }, inboundCountMax), settled };
}
