import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { isPlainMap } from '../config/plain-map.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { vitalTests } from './boot-tests.ts';
import type { TestMode } from './full-tests.ts';
import { judge, type SelfTestReport, valueOfSelfTest } from './self-test.ts';
import { parseLoopback } from './tests/loopback-lines.ts';

/** What a notify on the document `selftest` asks for. */
export interface TestOrder {
  readonly mode: TestMode;
  readonly loopback?: { readonly output: string; readonly input: string };
}

/** `quick`, `full`, or `{"mode": "full", "loopback": "17:27"}`. */
export function planTestOrder(value: Value): Result<TestOrder, Refusal> {
  const order = typeof value === 'string' ? { mode: value } : value;
  if (!isPlainMap(order)) return outOfRange();
  const { mode = 'quick', loopback, ...rest } = order;
  if ((mode !== 'quick' && mode !== 'full') || Object.keys(rest).length > 0) return outOfRange();
  if (loopback === undefined) return ok({ mode });
  const lines = typeof loopback === 'string' ? parseLoopback(loopback) : undefined;
  return lines === undefined ? outOfRange() : ok({ mode, loopback: lines });
}

/** What health says of the board: whether a broker answers is no part of it (QN-6.2). */
export function ofTheBoard(report: SelfTestReport): SelfTestReport {
  const tests = report.tests.filter(({ id }) => !id.startsWith('mqtt.'));
  return { ...report, tests, health_status: judge(tests, vitalTests) };
}

/** The report of a self-test that was ordered, as the document `selftest` has it. */
export function valueOfOrdered({ mode }: TestOrder, report: SelfTestReport, bytesMax: number): Value {
  return { ...valueOfSelfTest(report, bytesMax), mode };
}

function outOfRange(): Result<never, Refusal> {
  const detail = 'a self-test takes "quick", "full", or {"mode": "full", "loopback": "17:27"}';
  return fail({ reason: 'out-of-range', detail });
}
