import type { Changeable } from './config/change/changeable.ts';
import type { CheckedConfig } from './config/check.ts';
import { DispatchCounters } from './dispatch/counters.ts';
import { LiveTable } from './dispatch/live-table.ts';
import { channelsOf } from './documents/channels.ts';
import { MemoryFile } from './documents/memory-file.ts';
import { openReadBack } from './documents/read-back.ts';
import { ToldNames, toldKey } from './documents/told-names.ts';
import type { Agent, Environment } from './environment.ts';
import { offlineWill } from './farewell.ts';
import { bootTests, earlyTests, firstTests } from './health/boot-tests.ts';
import { plausibleWallMsMin } from './health/clock-quality.ts';
import { withConfigTroubles } from './health/config-troubles.ts';
import { testCodeLate } from './health/late-code-test.ts';
import { LoadWatch } from './health/load-watch.ts';
import { openLoopLag } from './health/loop-lag.ts';
import { ofTheBoard, valueOfOrdered } from './health/on-demand.ts';
import { ofWorking, repeatLateTests } from './health/repeated-tests.ts';
import type { HealthSources } from './health/report.ts';
import { HealthReporter } from './health/reporter.ts';
import {
  type AtomicTest,
  endSelfTest,
  logFailed,
  logSelfTest,
  renewReport,
  repeatFailed,
  runSelfTest,
  type TestRow,
  valueOfSelfTest,
} from './health/self-test.ts';
import { openWarnings } from './health/warnings.ts';
import { diskWear } from './health/written-bytes.ts';
import { HomeAssistant } from './home-assistant/home-assistant.ts';
import { openKeepers } from './keepers.ts';
import { poolProfiles, shutdownMsMax } from './limits.ts';
import { LocalApplications } from './observe/local-applications.ts';
import { createPool } from './pool/pool.ts';
import { createBootId } from './qn/snowflake.ts';
import type { Running } from './running.ts';
import { openBoard } from './start-board.ts';
import { startConfig } from './start-config.ts';
import { openDispatch } from './start-dispatch.ts';
import { startLoadWatch } from './start-load.ts';
import { startSelfTest } from './start-selftest.ts';
import { createStoreAlarm, openStoreOf } from './start-store.ts';
import { startUplink } from './start-uplink.ts';
import { Uplink } from './uplink.ts';
import { openVoice } from './voice.ts';

/**
 * The composition root: the only place that sees every room. Opens them in order, runs the self-test, connects.
 * Disposal goes the same way back: drivers to their exit state, goodbye on the health topic, then the pool, where a
 * leaked slot is an assertion.
 */
export async function startAgent(checked: CheckedConfig, environment: Environment): Promise<Agent> {
  const { config } = checked;
  const { clock, log } = environment;
  const startMs = clock.monotonicMs();
  const local = new LocalApplications();
  const trouble = { changed: () => {} };
  const troubleChanged = () => trouble.changed();
  const alarm = createStoreAlarm(troubleChanged);
  const hasTime = clock.wallMs() >= plausibleWallMsMin;
  const boot = createBootId({ clock, random: environment.random, nodeName: config.node, hasTime });
  const table = new LiveTable(config);
  // Nothing that can wait comes before: the broker takes a while to answer.
  const uplink = new Uplink({ clock, log, will: offlineWill(config, boot), boot }, environment.openLink, table.filters);
  const opening = openStoreOf(environment, alarm.heard); // In its thread; meanwhile there is other work.
  // It answers while these wait for the disk; what takes the processor comes behind them.
  const [memory, first] = await Promise.all([
    MemoryFile.open({ clock, log }, config.stateFolder),
    runSelfTest(clock, firstTests(config)),
  ]);
  const running: Running = { config, hash: checked.hash }; // Not sooner: it takes node:crypto.
  /** Until another config was taken. */
  const troubles = () => (running.config === config ? (environment.configs?.troubles ?? []) : []);
  const pool = createPool(poolProfiles[config.pool.profile]);
  pool.seal();
  const early = withConfigTroubles(earlyTests({ clock, pool, config, configHash: running.hash }), troubles());
  const [opened, begun] = await Promise.all([opening, endSelfTest(clock, early, first)]);
  const { store } = opened;
  const names = new ToldNames(memory.of(toldKey), () => [...table.rows, ...table.found.all()]);
  const voice = openVoice(running, { ...environment, store, boot, names }, pool);
  alarm.open(voice.publisher);
  const { outbox, durable, states, watches } = voice;
  const board = await openBoard(running, environment, { pool, voice, table, local, memory, troubleChanged });
  memory.opened();
  board.setOnline(false);

  const document = (name: string) => board.document(name);
  const later: AtomicTest[] = []; // One: of the code.
  const planTests = () => {
    const subjects = { clock, pool, config: running.config, configHash: running.hash, document };
    const { vital, tests } = bootTests(subjects);
    return withConfigTroubles({ vital, tests: [...tests, ...later] }, troubles());
  };
  let plan = planTests();
  let selfTest = await endSelfTest(clock, plan, begun);
  logSelfTest(log, selfTest);
  states.change('selftest', valueOfSelfTest(selfTest, pool.payloadBytesMax));
  const tellChannels = () => states.change('channels', channelsOf([...table.found.all(), ...table.rows]));
  tellChannels();
  table.found.onChange(tellChannels);

  const homeAssistant = new HomeAssistant({ ...environment, running, voice, pool, values: store?.values });
  await homeAssistant.configure();
  const keepers = openKeepers(environment, running, voice);
  const counters = new DispatchCounters();
  const load = new LoadWatch({ clock, log, pool });
  const parts = { pool, voice, table, board, counters, local, store, keepers, load };
  const dispatch = openDispatch(running, environment, parts);
  const { loop, lanes, settled, express } = dispatch;
  const loopLag = openLoopLag(clock);
  const sources: HealthSources = {
    boot,
    get configHash() {
      return running.hash;
    },
    uptimeMs: () => clock.monotonicMs() - startMs,
    clockQuality: voice.clockQuality,
    drivers: () => board.reports(),
    selfTest: () => selfTest,
    pool: () => pool.stats(),
    outbox: () => ({ ...outbox.stats(), ...durable.stats() }),
    dispatch: () => counters.totals(),
    watches: () => watches.stats(),
    store: () => opened.metrics(),
    http: () => local.http?.stats(),
    retainedLost: () => uplink.retainedLostCount,
    link() {
      const { broker, counters, refused, twin } = uplink;
      return { broker, counters, refused, brokers: uplink.brokers(), express, ...(twin !== undefined && { twin }) };
    },
    warnings: openWarnings(running, clock, memory.damage),
    loop: () => loopLag.read(),
    sparing: () => load.sparing,
    ...diskWear(clock),
  };
  const reporter = new HealthReporter({ ...voice, ...environment, sources }, config.health.intervalMs);
  const repeatSelfTest = async (isWorthIt: (row: TestRow) => boolean) => {
    selfTest = await repeatFailed(clock, plan, () => selfTest, isWorthIt);
    states.change('selftest', valueOfSelfTest(selfTest, pool.payloadBytesMax));
    reporter.refresh();
  };
  trouble.changed = () => {
    durable.storeChanged();
    reporter.refresh();
    void repeatSelfTest(ofWorking(board.reports()));
  };
  const readBack = openReadBack(clock, () => board.openDocuments());
  const lateTests = repeatLateTests(clock, () => selfTest, repeatSelfTest);
  const codeLook = testCodeLate(clock, environment.testSurroundings?.(config).code, async (test) => {
    later.push(test);
    plan = planTests();
    if (selfTest.tests.some(({ id }) => id === test.id)) return; // Somebody has asked for it.
    selfTest = await renewReport(clock, plan, selfTest, () => true);
    logFailed(log, selfTest, ({ id }) => id === test.id);
    states.change('selftest', valueOfSelfTest(selfTest, pool.payloadBytesMax));
    reporter.refresh();
  });

  outbox.onRoom(() => {
    reporter.flush();
    states.flush();
    watches.flush();
    durable.refill();
  });
  const openLocal = () =>
    local.open(
      { ...voice, clock, log, table, loop, running, sources, logBook: environment.logBook },
      running.config.http,
    );
  await openLocal();

  const changeable: Changeable = {
    ...{ clock, log, running, table, board, lanes, uplink, express },
    valueOf: (name) => states.snapshot(name)?.val,
    prepareLink: async (next) => (await environment.prepareLink?.(next)) ?? { ok: true, value: environment.openLink },
    keepLines: () => environment.keepLines?.() ?? { [Symbol.dispose]() {} },
    forget: (name) => memory.forget(name),
    async settle(before) {
      tellChannels();
      reporter.retime(running.config.health.intervalMs);
      await environment.configured?.(running.config);
      keepers.reset();
      await homeAssistant.configure(before);
      if (JSON.stringify(before.http) !== JSON.stringify(running.config.http)) await openLocal();
    },
    report: () => selfTest,
    async test() {
      plan = planTests();
      selfTest = await renewReport(clock, plan, selfTest, (id) => plan.vital.has(id)); // Those are of the agent, not of its config.
      states.change('selftest', valueOfSelfTest(selfTest, pool.payloadBytesMax));
      return selfTest;
    },
    tellHealth: () => reporter.tell(),
  };
  const testing = startSelfTest(environment, {
    ...{ ...dispatch, running, pool, board, store, counters, troubles },
    done(order, report) {
      selfTest = ofTheBoard(report);
      states.change('selftest', valueOfOrdered(order, report, pool.payloadBytesMax));
      reporter.refresh();
    },
  });
  const connected = Promise.withResolvers<void>();
  startLoadWatch(load, { loop, uplink, reporter, voice });
  const { promise, resolve } = connected;
  const started = startConfig(environment, { ...dispatch, changeable, voice, pool, counters, connected: promise });
  startUplink(uplink, { log, voice, table, board, reporter, homeAssistant, loop, express, connected: resolve });

  return {
    boot,
    get selfTest() {
      return selfTest;
    },
    table,
    sources,
    vitals: () => ({ queued: loop.depth, handled: counters.handledCount, calls: lanes.calls() }),
    changeable,
    office: started.office,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      for (const part of [testing, lateTests, codeLook, readBack, load]) part[Symbol.dispose]();
      loop.close();
      reporter[Symbol.dispose]();
      await board[Symbol.asyncDispose](); // First, so that the exit states are still told.
      environment.outputsClosed?.();
      const remembered = memory[Symbol.asyncDispose](); // The broker hears goodbye meanwhile.
      await settled(); // What was under way has failed now, and gives its slots back.
      const isDrained = await outbox.drain(shutdownMsMax / 2);
      watches[Symbol.dispose]();
      await express[Symbol.asyncDispose]();
      await uplink.sayGoodbye(isDrained);
      await uplink.close();
      await durable.flush(); // What the broker did not acknowledge is sent in the next life.
      await local[Symbol.asyncDispose](); // Its socket is a file: Node.js waits until the disk has taken it away, and all with it.
      outbox.close();
      voice.chronicle.flush();
      await Promise.all([store?.[Symbol.asyncDispose](), remembered]);
      loopLag[Symbol.dispose]();
      keepers[Symbol.dispose]();
      pool.close();
    },
  };
}
