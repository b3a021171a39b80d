import type { TestResult } from '../self-test.ts';

export function pass(detail: string, latency_us?: number): TestResult {
  return { status: 'pass', detail, ...(latency_us === undefined ? {} : { latency_us: Math.round(latency_us) }) };
}

export function failed(detail: string, fix: string): TestResult {
  return { status: 'fail', detail, fix };
}

export function skip(detail: string, fix?: string): TestResult {
  return { status: 'skip', detail, ...(fix === undefined ? {} : { fix }) };
}

/** Pass without faults; else the first of them, and how many there are. */
export function verdict(faults: readonly string[], sound: string, fix: string): TestResult {
  const [first] = faults;
  if (first === undefined) return pass(sound);
  return failed(faults.length === 1 ? first : `${faults.length} faults, the first: ${first}`, fix);
}

/** A figure in the middle and the largest one, of a list that is not empty. */
export function spread(values: readonly number[]): { readonly p50: number; readonly max: number } {
  const sorted = values.toSorted((one, other) => one - other);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}
