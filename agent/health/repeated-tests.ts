import type { Clock } from '../clock.ts';
import type { DriverReport } from '../documents/place.ts';
import { lateTestsMs } from './limits.ts';
import type { SelfTestReport, TestRow } from './self-test.ts';

type IsWorthIt = (row: TestRow) => boolean;

/** A driver that failed its self-test and works again passes it again. */
export function ofWorking(drivers: readonly DriverReport[]): IsWorthIt {
  const names = new Set(drivers.flatMap(({ document, state }) => (state === 'working' ? [`driver.${document}`] : [])));
  return ({ id }) => names.has(id);
}

/**
 * QN-6.4a: `repeat` runs the tests again that only took too long when the board started, and was as busy as it never is again;
 * also those that came behind the start.
 */
export function repeatLateTests(
  clock: Clock,
  report: () => SelfTestReport,
  repeat: (isWorthIt: IsWorthIt) => Promise<void>,
): Disposable {
  let timer: Disposable | undefined;
  let isOver = false;
  const repeatLate = async () => {
    if (report().tests.some(isLate)) await repeat(isLate);
  };
  const wait = ([waitMs, ...others]: readonly number[]) => {
    if (isOver || waitMs === undefined) return;
    timer = clock.after(waitMs, () => void repeatLate().then(() => wait(others)));
  };
  wait(lateTestsMs);
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer?.[Symbol.dispose]();
    },
  };
}

function isLate({ status }: TestRow): boolean {
  return status === 'timeout';
}
