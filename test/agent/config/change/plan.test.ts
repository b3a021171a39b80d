import { expect, test } from 'vitest';
import { hashOf } from '../../../../agent/config/canonical.ts';
import { isEmptyPlan, planChange } from '../../../../agent/config/change/plan.ts';
import type { Config } from '../../../../agent/config/config.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { configOf } from '../../../support/memory-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';
const bus = 'bus: { driver: modbus-rtu, port: /dev/ttyS0, baud: 9600 }';
const meter = 'meter: { driver: modbus-register, bus: bus, unit: 1, register: 1 }';

function config(documents: readonly string[], more: { sections?: string; mqtt?: readonly string[] } = {}): Config {
  return configOf({ documents, ...more }, '/tmp/plan');
}

function plan(from: readonly string[], to: readonly string[], value: Value | undefined = false) {
  return planChange(config(from), config(to), () => value);
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
const lamp = 'lamp: { driver: gpio-out, line: B, safe: { boot: on } }';
const fan = 'fan: { driver: pwm-out, chip: pwmchip0, channel: 1, frequency: 25000, scale: 100, safe: { boot: 20 } }';
const mcu = 'mcu: { driver: mcu, port: /dev/ttyS1, reset: { line: R }, boot: { line: C, active: high } }';
const at = (document: string, line: string, to: readonly string[], from?: string) => ({
  ...{ document, line, to },
  ...(from !== undefined && { from }),
});

test.each([
  ['an added output goes to its boot state', [], [relay], undefined, [at('relay', 'A', ['low'])]],
  ['one that is removed while on goes off', [relay], [], true, [at('relay', 'A', ['low'], 'high')]],
  ['one that is removed while off does not move', [relay], [], false, []],
  ['active low is told as the meter sees it', [], [low], undefined, [at('relay', 'A', ['high'])]],
  [
    'another line is told of both lines',
    [relay],
    [on.replace('line: A', 'line: B')],
    true,
    [at('relay', 'A', ['low'], 'high'), at('relay', 'B', ['high'])],
  ],
  [
    'two documents that exchange their lines are told of each line once',
    [relay, lamp],
    [relay.replace('line: A', 'line: B'), lamp.replace('line: B', 'line: A')],
    true,
    [at('lamp', 'A', ['low', 'high'], 'high'), at('relay', 'B', ['low'], 'high')],
  ],
  ['other rules move nothing', [relay], [on], true, []],
  ['a power output is told in percent', [], [fan], undefined, [at('fan', 'pwmchip0/1', ['20 %'])]],
  [
    'from what it runs at',
    [fan],
    [fan.replace('25000', '100')],
    35.5,
    [at('fan', 'pwmchip0/1', ['0 %', '20 %'], '35.5 %')],
  ],
  ['one that holds its power does not move', [fan.replace('boot: 20', 'exit: hold')], [], 35.5, []],
  [
    'a line from one kind of output to another',
    [relay],
    ['relay: { driver: gpio-in, line: A }'],
    true,
    [at('relay', 'A', ['low'], 'high')],
  ],
  [
    'a microcontroller goes to the safe state of its firmware, and its reset line is held inactive',
    [mcu],
    [mcu.replace('line: R', 'line: S')],
    undefined,
    [at('mcu', 'outputs of mcu', ['safe']), at('mcu', 'S', ['high'])],
  ],
] as const)('%s', (_, from, to, value, levels) => {
  expect(plan(from, to, value).levels).toEqual(levels);
});

test('brokers are told one by one, and what of them is another', () => {
  const from = config([relay]);
  const withBrokers = (...list: readonly object[]) => ({ ...from, mqtt: { ...from.mqtt, brokers: list as never } });
  const a = { url: 'mqtts://a:8883', weight: 1, ca: '/a.pem', key: { from: 'file', path: '/a.key' } };
  const b = { url: 'mqtts://b:8883', weight: 1 };
  const c = { url: 'mqtts://c:8883', weight: 1 };
  const next = { ...a, ca: '/b.pem', key: { from: 'file', path: '/b.key' }, minVersion: '1.3' };
  expect(planChange(withBrokers(a, b), withBrokers(next, c), () => undefined)).toMatchObject({
    brokers: [
      { url: a.url, how: 'changed', keys: ['ca', 'key', 'minVersion'] },
      { url: b.url, how: 'removed' },
      { url: c.url, how: 'added' },
    ],
    link: ['mqtt.brokers'],
  });
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

const key = Buffer.alloc(32, 1).toString('base64url');
const trusted = { kid: 'k', key, roles: ['config'], author: 'k' } as const;

/** For each setting that is none of a document, another value. A new one is not forgotten: its key would be missing. */
const others: { readonly [Key in keyof Config]-?: readonly Partial<Config>[Key][] } = {
  node: ['pi-2'],
  groups: [['line-1']],
  mqtt: Object.entries({
    root: 'other/1',
    brokers: [{ url: 'mqtt://other', weight: 1 }],
    username: 'ann',
    password: { from: 'env', name: 'P' },
    clientId: 'other',
    acks: 'final',
    encoding: 'cbor',
    keepaliveSeconds: 99,
  } satisfies Required<Config['mqtt']>).map(([name, value]) => ({ ...config([relay]).mqtt, [name]: value })),
  gpio: [{ backend: 'sysfs' }],
  pool: [{ profile: 'tiny' }],
  documents: [{}],
  bindings: [[{ on: 'x/y', to: 'relay' }]],
  http: [{ host: '127.0.0.1', port: 8_080, isWritable: false }],
  homeAssistant: [{ prefix: 'homeassistant', buttons: {} }],
  overAir: [
    { trust: 'none', verifyMs: config([]).overAir.verifyMs },
    { trust: 'keys', verifyMs: 5_000 },
  ],
  trust: [{ keys: [trusted] }, { keys: [], control: { log: ['ops'] } }],
  health: [{ intervalMs: 5_000 }],
  log: [
    { level: 'debug', environment: config([]).log.environment },
    { level: config([]).log.level, environment: 'field' },
  ],
  stateFolder: ['/tmp/other'],
};

test.each(Object.entries(others).flatMap(([name, values]) => values.map((value: unknown) => [name, value] as const)))(
  'another %s is something to do: %j',
  (name, value) => {
    const from = config([relay]);
    const to = { ...from, [name]: value };
    expect(hashOf(to)).not.toBe(hashOf(from));
    expect(isEmptyPlan(planChange(from, to, () => undefined))).toBe(false);
  },
);

test('with another prefix for Home Assistant other topics are subscribed to, with other buttons they are the same', () => {
  const withHome = (homeAssistant: NonNullable<Config['homeAssistant']>) => ({ ...config([relay]), homeAssistant });
  const from = withHome({ prefix: 'homeassistant', buttons: {} });
  const plans = [
    withHome({ prefix: 'ha', buttons: {} }),
    withHome({ prefix: 'homeassistant', buttons: { relay: '1s' } }),
    config([relay]),
  ].map((to) => planChange(from, to, () => undefined));
  expect(plans.map(({ link }) => link)).toEqual([['home-assistant'], [], ['home-assistant']]);
  expect(plans.map(({ settings }) => settings)).toEqual([['home-assistant'], ['home-assistant'], ['home-assistant']]);
});
