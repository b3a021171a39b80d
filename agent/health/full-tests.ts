import type { GpioBackend, LineAddress } from '../../drivers/contract/digital.ts';
import type { Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { OpenDocument } from '../documents/kind.ts';
import { fullTestMsMax, poolProfiles, quickTestMsMax } from '../limits.ts';
import type { Pool } from '../pool/pool.ts';
import { createPool } from '../pool/pool.ts';
import { codecTest, configTest, driverResult, driverTest, poolTests, vitalTests } from './boot-tests.ts';
import type { AtomicTest, TestPlan } from './self-test.ts';
import { monotonicTest, stepTest, syncTest, wallTest } from './tests/clock.ts';
import { type CodeSubjects, codeTest, nodeTest } from './tests/code.ts';
import { cpuTests } from './tests/cpu.ts';
import { diskTest, mountTest, spaceTest } from './tests/disk.ts';
import { chipsTest, loopbackTest, noLoopback } from './tests/gpio.ts';
import { keptMemoryTest } from './tests/kept-memory.ts';
import { loopTest, timersTest } from './tests/loop.ts';
import { mcuTest } from './tests/mcu.ts';
import { leakTest, type RoundTrip } from './tests/memory.ts';
import { type MqttSubjects, reconnectTest, roundTripTest } from './tests/mqtt.ts';
import { noSerialLoopback, type SerialLoopbackSubjects, serialLoopbackTest } from './tests/serial.ts';
import { type WatchdogSubjects, watchdogTest } from './tests/watchdog.ts';

export type TestMode = 'quick' | 'full';

/** Everything the whole self-test looks at; the running agent and `qn-agent selftest` bring it together differently. */
export interface FullTestSubjects {
  readonly clock: Clock;
  readonly config: Config;
  readonly configHash: string;
  /** The hash of what a restart would run, or what is wrong with it. */
  reloadConfig(): Promise<Result<string, string>>;
  readonly pool: Pool;
  readonly gpio: Result<GpioBackend>;
  document(name: string): Result<Pick<OpenDocument, 'probe'>>;
  readonly code: CodeSubjects;
  readonly store: AtomicTest;
  readonly watchdog: WatchdogSubjects;
  readonly roundTrip: RoundTrip;
  /** Absent: somebody else works on the heap at the same time. */
  readonly heapBytes?: () => number;
  readonly mqtt: MqttSubjects;
  readonly loopback?: { readonly output: LineAddress; readonly input: LineAddress };
  readonly serialLoopback?: Omit<SerialLoopbackSubjects, 'clock'>;
}

/** In the order they run. `quick`: within a second, and as much of each as fits into it. */
export function fullTests(mode: TestMode, subjects: FullTestSubjects): TestPlan {
  const { clock, pool, config, configHash, gpio, mqtt } = subjects;
  const isFull = mode === 'full';
  const probe = (name: string) => driverResult(subjects.document(name));
  // In the quick test what waits, and what takes long, comes last: on a slow board that is what is left out.
  return {
    vital: vitalTests,
    budget: isFull ? { ms: fullTestMsMax, whenOver: 'timeout' } : { ms: quickTestMsMax, whenOver: 'skip' },
    tests: [
      ...cpuTests(),
      codecTest(),
      monotonicTest(clock),
      wallTest(clock, false),
      syncTest(false),
      configTest(config, configHash, subjects.reloadConfig),
      diskTest(config.stateFolder),
      spaceTest(config.stateFolder),
      mountTest(config.stateFolder),
      subjects.store,
      chipsTest(config.gpio, gpio),
      ...Object.keys(config.documents).map((name) => driverTest(name, () => subjects.document(name))),
      loopbackOf(subjects, isFull ? 1_000 : 50),
      serialLoopbackOf(subjects),
      mcuTest(config, probe),
      watchdogTest(subjects.watchdog),
      keptMemoryTest(subjects.watchdog),
      ...poolTests(pool),
      codeTest(subjects.code),
      loopTest(clock, isFull ? 50 : 10),
      timersTest(clock),
      stepTest(clock, isFull ? 2_000 : 60),
      leakOf(subjects, isFull),
      ...mqttTests(mqtt, isFull),
      ...(isFull ? [nodeTest(subjects.code)] : []),
    ],
  };
}

/** The heap is measured with the large number only: for a small one the noise is larger than any leak. */
function leakOf({ roundTrip, heapBytes }: FullTestSubjects, isFull: boolean): AtomicTest {
  const messagesCount = isFull ? 10_000 : 250;
  const own = createPool(poolProfiles.tiny);
  own.seal();
  return leakTest({ pool: own, roundTrip, messagesCount, ...(heapBytes !== undefined && isFull && { heapBytes }) });
}

function loopbackOf({ loopback, clock, gpio }: FullTestSubjects, togglesCount: number): AtomicTest {
  return loopback === undefined ? noLoopback : loopbackTest({ clock, gpio, ...loopback, togglesCount });
}

function serialLoopbackOf({ clock, serialLoopback }: FullTestSubjects): AtomicTest {
  return serialLoopback === undefined ? noSerialLoopback : serialLoopbackTest({ clock, ...serialLoopback });
}

function mqttTests(mqtt: MqttSubjects, isFull: boolean): readonly AtomicTest[] {
  if (!isFull) return [roundTripTest(mqtt, { messagesCount: 5, deadlineMs: 400, isBrokerOptional: true })];
  return [
    roundTripTest(mqtt, { messagesCount: 100, deadlineMs: 12_000, isBrokerOptional: false }),
    reconnectTest(mqtt),
  ];
}
