import { isFailed, type SelfTestReport, type TestRow } from '../health/self-test.ts';

const marks = { pass: 'ok  ', fail: 'FAIL', timeout: 'LATE', skip: 'skip' } as const;
/** Of the longest id that is no document. */
export const idWidth = 16;

/** One aligned line a test, a fix below each failure, the verdict last. */
export function formatReport(report: SelfTestReport): readonly string[] {
  return [...formatRows(report), verdictLine(report)];
}

export function formatRows({ tests }: SelfTestReport): readonly string[] {
  const width = Math.max(...tests.map(({ id }) => id.length));
  return tests.flatMap((row) => formatRow(row, width));
}

export function verdictLine({ tests, health_status, took_ms, max_latency_us }: SelfTestReport): string {
  const ill = tests.filter(isFailed).length;
  const counts = `${tests.length} tests, ${ill} failed, in ${took_ms} ms, slowest answer ${max_latency_us} µs`;
  return `${health_status}: ${counts} (a check of the agent's surroundings, not a safety function)`;
}

export function formatRow({ status, id, detail, took_us, fix }: TestRow, width: number): readonly string[] {
  const line = `${marks[status]} ${id.padEnd(width)} ${String(took_us).padStart(8)} µs  ${detail}`;
  return fix === undefined || status === 'pass' ? [line] : [line, `     ${' '.repeat(width)} → ${fix}`];
}
