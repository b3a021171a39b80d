import { type DriverError, describeError, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { OpenDocument } from '../documents/kind.ts';
import type { Pool, SlotFault } from '../pool/pool.ts';
import { codecFaults, type KnownAnswer } from './codec-test.ts';
import type { AtomicTest, TestPlan, TestResult } from './self-test.ts';
import { monotonicTest, wallTest } from './tests/clock.ts';
import { diskTest } from './tests/disk.ts';
import { failed, pass, verdict } from './tests/outcome.ts';

export interface BootTestSubjects {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly config: Config;
  readonly configHash: string;
  document(name: string): Result<OpenDocument>;
}

/** Without these nothing the board says can be believed. */
export const vitalTests: ReadonlySet<string> = new Set([
  'cpu.sha256',
  'cpu.ed25519',
  'cpu.crc32',
  'cpu.float',
  'pool.march',
  'pool.canaries',
  'code.files',
  'codec.vectors',
  'clock.monotonic',
]);

/** The short self-test that every start begins with, in the order it runs. The whole one is in full-tests.ts. */
export function bootTests(subjects: BootTestSubjects): TestPlan {
  const drivers = Object.keys(subjects.config.documents).map((name) => driverTest(name, () => subjects.document(name)));
  return { vital: vitalTests, tests: [...earlyTests(subjects).tests, ...drivers] };
}

/** The first of them: those that wait for the disk. They run while the broker answers. */
export function firstTests({ stateFolder }: Pick<Config, 'stateFolder'>): TestPlan {
  return { vital: vitalTests, tests: [diskTest(stateFolder)] };
}

/** The same, and those that need no driver and no store. They run while the store opens. */
export function earlyTests({ clock, pool, config, configHash }: Omit<BootTestSubjects, 'document'>): TestPlan {
  return {
    vital: vitalTests,
    tests: [
      ...firstTests(config).tests,
      ...poolTests(pool),
      codecTest(),
      monotonicTest(clock),
      wallTest(clock, true),
      configTest(config, configHash),
    ],
  };
}

export function poolTests(pool: Pool): readonly AtomicTest[] {
  const march = () => pool.marchTest().map(describeFault);
  return [
    poolTest('pool.march', 'memory pool holds what is written (March C-)', march, pool),
    poolTest('pool.canaries', 'memory pool headers and canaries are sound', () => pool.check(), pool),
  ];
}

function poolTest(id: string, title: string, faults: () => readonly string[], pool: Pool): AtomicTest {
  return {
    id,
    title,
    run: () => verdict(faults(), `${pool.stats().bytesTotal} bytes`, 'replace the board if it comes back'),
  };
}

export function codecTest(answers?: readonly KnownAnswer[]): AtomicTest {
  return {
    id: 'codec.vectors',
    title: 'codecs give the known answers',
    run: () => verdict(codecFaults(answers), 'json, cbor and compact', 'reinstall the agent: its code is damaged'),
  };
}

/** `reload`: what the files say now, or what is wrong with them; absent at boot, when they were just read. */
export function configTest(
  config: Config,
  configHash: string,
  reload?: () => Promise<Result<string, string>>,
): AtomicTest {
  const sound = `${Object.keys(config.documents).length} documents, ${configHash}`;
  return {
    id: 'config.valid',
    title: 'configuration is the one that was checked',
    async run() {
      const now = await reload?.();
      if (now?.ok === false) return failed(now.error, 'find its faults with: qn-agent check FILE');
      if (now === undefined || now.value === configHash) return pass(sound);
      return failed(`the files say ${now.value}, in use is ${configHash}`, 'let it take the file: qnctl reload FILE');
    },
  };
}

export function driverTest(name: string, document: () => Result<Pick<OpenDocument, 'probe'>>): AtomicTest {
  return { id: `driver.${name}`, title: `${name} answers`, run: () => driverResult(document()) };
}

export function driverResult(opened: Result<Pick<OpenDocument, 'probe'>>): TestResult {
  const probed = opened.ok ? opened.value.probe() : opened;
  return probed.ok ? pass(probed.value) : driverFault(probed.error);
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
