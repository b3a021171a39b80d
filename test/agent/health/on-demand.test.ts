import { describe, expect, it } from 'vitest';
import { ofTheBoard, planTestOrder, valueOfOrdered } from '../../../agent/health/on-demand.ts';
import type { SelfTestReport, TestRow } from '../../../agent/health/self-test.ts';
import type { Value } from '../../../agent/qn/message.ts';

const row = (id: string, status: TestRow['status']): TestRow => ({
  id,
  title: id,
  status,
  detail: 'd'.repeat(90),
  took_us: 1,
});
const report = (tests: readonly TestRow[]): SelfTestReport => ({
  health_status: 'DEGRADED',
  max_latency_us: 5,
  took_ms: 9,
  tests,
});

describe('an order for a self-test', () => {
  it.each<[Value, unknown]>([
    ['quick', { mode: 'quick' }],
    ['full', { mode: 'full' }],
    [{}, { mode: 'quick' }],
    [
      { mode: 'full', loopback: '17:27' },
      { mode: 'full', loopback: { output: 'GPIO17', input: 'GPIO27' } },
    ],
  ])('%j', (value, order) => {
    expect(planTestOrder(value)).toEqual({ ok: true, value: order });
  });

  it.each<Value>([
    'slow',
    true,
    3,
    null,
    { mode: 'fast' },
    { loopback: '17' },
    { loopback: 3 },
    { mode: 'full', more: 1 },
  ])('%j is none', (value) => {
    expect(planTestOrder(value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
  });
});

describe('the report of it', () => {
  it('says nothing of the broker in health', () => {
    const told = ofTheBoard(report([row('disk.write', 'pass'), row('mqtt.roundtrip', 'fail')]));
    expect(told).toMatchObject({ health_status: 'PASS', tests: [{ id: 'disk.write' }] });
    expect(ofTheBoard(report([row('cpu.float', 'fail')])).health_status).toBe('FAIL');
  });

  it('is the whole of it where there is room, else what did not pass', () => {
    const rows = [...Array.from({ length: 28 }, (_, index) => row(`a.${index}`, 'pass')), row('b', 'fail')];
    expect(valueOfOrdered({ mode: 'full' }, report(rows), 65_536)).toMatchObject({
      mode: 'full',
      tests: { length: 29 },
    });
    expect(valueOfOrdered({ mode: 'full' }, report(rows), 4_096)).toMatchObject({
      is_brief: true,
      passed: 28,
      tests: [{ id: 'b' }],
    });
  });
});
