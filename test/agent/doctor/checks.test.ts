import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../agent/doctor/check.ts';
import { checks } from '../../../agent/doctor/checks.ts';
import { soundAgent, soundBoard, soundFacts } from '../../support/sound-facts.ts';
import { configRows } from './rows/config.ts';
import { firmwareRows } from './rows/firmware.ts';
import { gpioRows } from './rows/gpio.ts';
import { mqttRows } from './rows/mqtt.ts';
import { board, broker, configuration, dayMs, disk, failing, health, line, nowMs, until } from './rows/plants.ts';
import { serialRows } from './rows/serial.ts';
import { systemRows } from './rows/system.ts';

const rows = [...configRows, ...systemRows, ...gpioRows, ...serialRows, ...mqttRows, ...firmwareRows];

describe('the table of the doctor', () => {
  it('finds nothing on a sound board', () => {
    const { status, findings, checks: judged } = diagnose(checks, soundFacts);
    expect([status, findings]).toEqual(['ok', []]);
    expect(judged.filter((row) => row.status !== 'ok')).toEqual([]);
  });

  it.each(rows)('%s', (_, planted, code, severity, cause, fix) => {
    const { findings, status } = diagnose(checks, { ...soundFacts, ...planted });
    expect(findings).toMatchObject([
      { code, severity, cause: expect.stringContaining(cause), fix: expect.stringContaining(fix) },
    ]);
    expect(status).toBe(severity);
  });

  it('tells a line that a guard keeps for the next agent, and where that runs nothing', () => {
    const { agent: _, ...stopped } = soundFacts;
    const kept = line({ state: 'held', consumer: 'qn-agent' });
    expect(diagnose(checks, { ...stopped, ...kept }).findings).toMatchObject([
      { code: 'GPIO-04', severity: 'warning', cause: expect.stringContaining('qn-guard keeps it for the next one') },
    ]);
    expect(diagnose(checks, { ...soundFacts, ...kept }).findings).toEqual([]);
  });

  it('misses no password of the environment that the agent has from its unit', () => {
    const secrets = [{ resource: 'PW', kind: 'absent', detail: 'the variable is not set' }] as const;
    const { agent: _, ...alone } = { ...soundFacts, ...configuration({ secrets }) };
    const codes = (facts: Parameters<typeof diagnose>[1]) => diagnose(checks, facts).findings.map(({ code }) => code);
    expect(codes(alone)).toContain('CFG-05');
    expect(codes({ ...alone, agent: soundAgent })).toEqual([]);
  });

  it('has a planted fault for every code, and every code once', () => {
    const codes = checks.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !rows.some((row) => row[2] === code))).toEqual([]);
    for (const code of codes) expect(code).toMatch(/^(CFG|SYS|GPIO|SER|MQTT|FW)-\d\d$/);
  });

  it.each([
    [
      'a chip less, but no document with a line',
      {
        ...board({
          config: { ...soundBoard.config, documents: {}, gpio: { backend: 'auto' } },
          gpio: { chips: [], hasSysfs: false, lines: new Map() },
        }),
      },
    ],
    ['a line that its own agent holds', line({ state: 'held', consumer: 'qn-agent', pid: soundAgent.pid })],
    ['a certificate for 22 days', broker({ certificates: [until(nowMs + 22 * dayMs)] })],
    ['five starts in ten minutes', board({ startsCount: 5 })],
    ['as much room as is needed', disk({ freeBytes: 16 * 1_048_576 })],
    ['a second of being held up', health({ loop: { max_us: 1_000_000 } })],
    ['an input that works', health({ drivers: { 'gpio.button1': { driver: 'gpio-in', state: 'working' } } })],
    ['mosquitto 2.0.19', broker({ version: 'mosquitto version 2.0.19' })],
    ['another broker', broker({ version: 'EMQX 5' })],
  ])('%s is no trouble', (_, planted) => {
    expect(diagnose(checks, { ...soundFacts, ...planted }).findings).toEqual([]);
  });

  it.each([
    ['does not answer', failing({ kind: 'refused', detail: 'ECONNREFUSED' })],
    ['does not resolve', broker({ nameFault: 'ENOTFOUND' })],
    ['does not let it in', failing({ kind: 'auth', code: 'bad-credentials', detail: 'refused' })],
  ])('says nothing of the rights at a broker that %s, nor of its version', (_, planted) => {
    const { checks: judged } = diagnose(checks, { ...soundFacts, ...planted });
    const statusOf = (code: string) => judged.find((row) => row.code === code)?.status;
    expect([statusOf('MQTT-06'), statusOf('MQTT-08')]).toEqual(['unknown', 'unknown']);
  });

  it('says what could not be looked at, and leaves out what is ignored', () => {
    const { agent: _, ...without } = soundFacts;
    const { checks: judged } = diagnose(checks, without, new Set(['CFG-03']));
    const unknown = judged.filter(({ status }) => status === 'unknown').map(({ code }) => code);
    const heard = ['GPIO-06', 'SER-06', 'MQTT-07', 'MQTT-09', 'MQTT-11', 'FW-01'];
    expect(unknown).toEqual(['SYS-04', 'SYS-06', 'SYS-07', ...heard]);
    expect(judged.some(({ code }) => code === 'CFG-03')).toBe(false);
  });

  it('puts what does not work first', () => {
    const planted = { ...soundFacts, ...configuration({ hash: 'x' }), ...board({ startsCount: 9 }) };
    expect(diagnose(checks, planted).findings.map(({ code }) => code)).toEqual(['SYS-08', 'CFG-03']);
  });
});
