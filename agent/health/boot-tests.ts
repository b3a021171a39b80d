import { type DriverError, describeError, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { OpenDocument } from '../documents/kind.ts';
import type { Pool, SlotFault } from '../pool/pool.ts';
import { plausibleWallMsMin } from './clock-quality.ts';
import { codecFaults } from './codec-test.ts';
import { diskTest } from './disk-test.ts';
import type { AtomicTest, TestPlan, TestResult } from './self-test.ts';

export interface BootTestSubjects {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly config: Config;
  readonly configHash: string;
  document(name: string): Result<OpenDocument>;
}

/** The tests of self-test v1, in the order they run. */
export function bootTests(subjects: BootTestSubjects): TestPlan {
  const { clock, pool, config, configHash } = subjects;
  return {
    vital: new Set(['pool.march', 'pool.canaries', 'codec.vectors', 'clock.monotonic']),
    tests: [
      poolTest(
        'pool.march',
        'memory pool holds what is written (March C-)',
        () => pool.marchTest().map(describeFault),
        pool,
      ),
      poolTest('pool.canaries', 'memory pool headers and canaries are sound', () => pool.check(), pool),
      codecTest,
      monotonicTest(clock),
      wallTest(clock),
      {
        id: 'config.valid',
        title: 'configuration is the one that was checked',
        run: () => ({ status: 'pass', detail: `${Object.keys(config.documents).length} documents, ${configHash}` }),
      },
      diskTest(config.stateFolder),
      ...Object.keys(config.documents).map((name) => driverTest(name, () => subjects.document(name))),
    ],
  };
}

function poolTest(id: string, title: string, faults: () => readonly string[], pool: Pool): AtomicTest {
  return {
    id,
    title,
    run: () => verdict(faults(), `${pool.stats().bytesTotal} bytes`, 'replace the board if it comes back'),
  };
}

const codecTest: AtomicTest = {
  id: 'codec.vectors',
  title: 'codecs give the known answers',
  run: () => verdict(codecFaults(), 'json, cbor and compact', 'reinstall the agent: its code is damaged'),
};

function monotonicTest(clock: Clock): AtomicTest {
  return {
    id: 'clock.monotonic',
    title: 'monotonic clock never steps back',
    run() {
      let lastMs = clock.monotonicMs();
      for (let count = 0; count < 1_000; count += 1) {
        const nowMs = clock.monotonicMs();
        if (nowMs < lastMs) return { status: 'fail', detail: `${lastMs - nowMs} ms back`, fix: 'reboot the board' };
        lastMs = nowMs;
      }
      return { status: 'pass', detail: '1000 readings' };
    },
  };
}

function wallTest(clock: Clock): AtomicTest {
  return {
    id: 'clock.wall',
    title: 'wall clock shows a plausible date',
    run() {
      const wallMs = clock.wallMs();
      const detail = new Date(wallMs).toISOString();
      if (wallMs >= plausibleWallMsMin) return { status: 'pass', detail };
      // Not a fault: a board without a real-time clock starts like this, and says so in every stamp (`clk: boot`).
      return { status: 'skip', detail: `${detail}: no time yet`, fix: 'let the board reach a time server' };
    },
  };
}

function driverTest(name: string, document: () => Result<OpenDocument>): AtomicTest {
  return {
    id: `driver.${name}`,
    title: `${name} answers`,
    run() {
      const opened = document();
      const probed = opened.ok ? opened.value.probe() : opened;
      return probed.ok ? { status: 'pass', detail: probed.value } : driverFault(probed.error);
    },
  };
}

function driverFault(error: DriverError): TestResult {
  const { fix, ...plain } = error;
  return {
    status: 'fail',
    detail: describeError(plain),
    fix: fix ?? 'check the wiring and the config of this document',
  };
}

function describeFault({ slot, index, expected, found }: SlotFault): string {
  return `${slot} byte ${index}: expected ${expected}, found ${found}`;
}

function verdict(faults: readonly string[], sound: string, fix: string): TestResult {
  const [first] = faults;
  if (first === undefined) return { status: 'pass', detail: sound };
  return { status: 'fail', detail: `${faults.length} faults, the first: ${first}`, fix };
}
