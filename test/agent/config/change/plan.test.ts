import { expect, test } from 'vitest';
import { isEmptyPlan, planChange } from '../../../../agent/config/change/plan.ts';
import type { Config } from '../../../../agent/config/config.ts';
import { configOf } from '../../../support/memory-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';
const bus = 'bus: { driver: modbus-rtu, port: /dev/ttyS0, baud: 9600 }';
const meter = 'meter: { driver: modbus-register, bus: bus, unit: 1, register: 1 }';

function config(documents: readonly string[], more: { sections?: string; mqtt?: readonly string[] } = {}): Config {
  return configOf({ documents, ...more }, '/tmp/plan');
}

function plan(from: readonly string[], to: readonly string[], isOn: boolean | undefined = false) {
  return planChange(config(from), config(to), () => isOn);
}

function changesOf(from: readonly string[], to: readonly string[]): readonly string[] {
  return plan(from, to).documents.map(({ name, how }) => `${name} ${how}`);
}

test('the same config is nothing to do', () => {
  expect(isEmptyPlan(plan([relay, bus, meter], [relay, bus, meter]))).toBe(true);
});

test.each([
  ['a new document is added', [], [relay], ['relay added']],
  ['one that is missing is removed', [relay], [], ['relay removed']],
  ['a number is a label', [relay], ['relay: { driver: gpio-out, line: A, number: 4 }'], ['relay relabelled']],
  ['max-on is a rule', [relay], ['relay: { driver: gpio-out, line: A, max-on: 5s }'], ['relay ruled']],
  ['so is a safe state', [relay], ['relay: { driver: gpio-out, line: A, safe: { exit: on } }'], ['relay ruled']],
  ['another line is opened', [relay], ['relay: { driver: gpio-out, line: B }'], ['relay reopened']],
  ['another polarity too', [relay], ['relay: { driver: gpio-out, line: A, active: low }'], ['relay reopened']],
  ['another driver too', [relay], ['relay: { driver: gpio-in, line: A }'], ['relay reopened']],
  [
    'a register goes with its bus',
    [bus, meter],
    [bus.replace('9600', '19200'), meter],
    ['bus reopened', 'meter reopened'],
  ],
  ['but not with the label of its bus', [bus, meter], [bus.replace('}', ', number: 1 }'), meter], ['bus relabelled']],
] as const)('%s', (_, from, to, expected) => {
  expect(changesOf(from, to)).toEqual(expected);
});

const on = 'relay: { driver: gpio-out, line: A, safe: { boot: on } }';
const low = 'relay: { driver: gpio-out, line: A, active: low }';

test.each([
  ['an added output goes to its boot state', [], [relay], undefined, [{ document: 'relay', line: 'A', to: ['low'] }]],
  [
    'one that is removed while on goes off',
    [relay],
    [],
    true,
    [{ document: 'relay', line: 'A', from: 'high', to: ['low'] }],
  ],
  ['one that is removed while off does not move', [relay], [], false, []],
  ['active low is told as the meter sees it', [], [low], undefined, [{ document: 'relay', line: 'A', to: ['high'] }]],
  [
    'another line is seen at the new line',
    [relay],
    [on.replace('line: A', 'line: B')],
    true,
    [{ document: 'relay', line: 'B', from: 'high', to: ['low', 'high'] }],
  ],
  ['other rules move nothing', [relay], [on], true, []],
] as const)('%s', (_, from, to, isOn, levels) => {
  expect(plan(from, to, isOn).levels).toEqual(levels);
});

test('what needs another connection, what is taken over in place, and what needs a restart', () => {
  const from = config([relay]);
  const to = config([relay], {
    mqtt: ['username: ann', 'acks: final', 'root: other/1'],
    sections: 'groups: [line-1]\nbindings: [{ on: x/y, to: relay }]\nhealth: { interval: 5s }\npool: { profile: tiny }',
  });
  const { link, settings, restart } = planChange(from, to, () => undefined);
  expect(link).toEqual(['mqtt.username', 'groups', 'bindings']);
  expect(settings).toEqual(['mqtt.acks', 'bindings', 'health.interval']);
  expect(restart).toEqual(['mqtt.root', 'pool']);
});
