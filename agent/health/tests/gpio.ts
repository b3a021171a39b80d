import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type {
  DigitalInput,
  DigitalOutput,
  GpioBackend,
  Level,
  LineAddress,
} from '../../../drivers/contract/digital.ts';
import { formatLine } from '../../../drivers/contract/digital.ts';
import { type DriverError, describeError, type Result } from '../../../drivers/contract/result.ts';
import { isOpenable } from '../../../drivers/presence.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { GpioConfig } from '../../config/config.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass, skip, spread } from './outcome.ts';

/** Every chip of the board can be opened by this user. `folder` is /dev, elsewhere in tests. */
export function chipsTest(config: GpioConfig, gpio: Result<GpioBackend>, folder = '/dev'): AtomicTest {
  return {
    id: 'gpio.chips',
    title: 'GPIO chips are there and can be opened',
    async run() {
      if (!gpio.ok) return ofError(gpio.error);
      if (config.backend === 'simulated') return await boardResult(config.board);
      const names = (await readdir(folder)).filter((name) => /^gpiochip\d+$/.test(name)).toSorted();
      if (names.length === 0 && gpio.value.name === 'sysfs') return pass('through sysfs');
      const closed: string[] = [];
      for (const name of names) if (!(await isOpenable(path.join(folder, name)))) closed.push(path.join(folder, name));
      if (closed.length === 0) return pass(`${gpio.value.name}: ${names.join(', ')}`);
      return failed(`this user may not open ${closed.join(', ')}`, 'usermod -aG gpio NAME, and log in again');
    },
  };
}

async function boardResult(board: string | undefined): Promise<TestResult> {
  if (board === undefined) return pass('simulated, in memory');
  const lines = await readdir(board).catch(() => undefined); // What is wrong with it is told with the fix.
  if (lines === undefined) return failed(`the simulated board ${board} is not there`, `mkdir -p ${board}`);
  return pass(`simulated: ${lines.length} lines in ${board}`);
}

export interface LoopbackSubjects {
  readonly clock: Clock;
  readonly gpio: Result<GpioBackend>;
  /** Driven, and joined to `input` by a wire. */
  readonly output: LineAddress;
  readonly input: LineAddress;
  readonly togglesCount: number;
}

/** An edge that has not come by then does not come. */
const edgeMsMax = 100;

/** Toggles one line and watches another that is wired to it. Ends with the output low. */
export function loopbackTest(subjects: LoopbackSubjects): AtomicTest {
  const { gpio, output, input } = subjects;
  const names = `${formatLine(output)} and ${formatLine(input)}`;
  return {
    id: 'gpio.loopback',
    title: `${formatLine(input)} follows ${formatLine(output)}`,
    deadlineMs: 10_000,
    async run(signal) {
      if (!gpio.ok) return ofError(gpio.error);
      const observed = await gpio.value.openInput({ line: input, bias: 'as-is', consumer: 'qn-selftest' });
      if (!observed.ok) return ofError(observed.error);
      await using observer = observed.value;
      const driven = await gpio.value.openOutput({ line: output, initial: 0, consumer: 'qn-selftest' });
      if (!driven.ok) return ofError(driven.error);
      await using driver = driven.value;
      return await toggle(subjects, driver, observer, names, signal);
    },
  };
}

async function toggle(
  { clock, togglesCount }: LoopbackSubjects,
  driver: DigitalOutput,
  observer: DigitalInput,
  names: string,
  signal: AbortSignal,
): Promise<TestResult> {
  const latencies: number[] = [];
  for (let count = 0; count < togglesCount && !signal.aborted; count += 1) {
    const level: Level = count % 2 === 0 ? 1 : 0;
    const sawMs = edgeTo(observer, level, clock);
    const startMs = clock.monotonicMs();
    const written = driver.write(level);
    if (!written.ok) return ofError(written.error);
    const atMs = await Promise.race([sawMs, sleep(clock, edgeMsMax, signal).then(() => undefined)]);
    const found = observer.read();
    if (!found.ok) return ofError(found.error);
    if (atMs === undefined || found.value !== level) {
      driver.write(0);
      const what = found.value === level ? 'no edge came' : `the other line reads ${found.value}`;
      return failed(`change ${count + 1} to ${level}: ${what}`, `check the wire between ${names}`);
    }
    latencies.push((atMs - startMs) * 1_000);
  }
  driver.write(0);
  const { p50, max } = spread(latencies);
  const detail = `${latencies.length} changes seen, ${Math.round(p50)} µs in the middle, ${Math.round(max)} µs at worst`;
  return pass(detail, max);
}

function edgeTo(observer: DigitalInput, level: Level, clock: Clock): Promise<number> {
  return new Promise((resolve) =>
    observer.onEdge((edge) => {
      if (edge.level === level) resolve(clock.monotonicMs());
    }),
  );
}

export function ofError(error: DriverError): TestResult {
  const { fix, ...plain } = error;
  return failed(describeError(plain), fix ?? 'check the wiring and the config of this document');
}

export const noLoopback: AtomicTest = {
  id: 'gpio.loopback',
  title: 'an input follows an output',
  run: () => skip('not asked for', 'join two free lines by a wire, and say --loopback 17:27'),
};
