import { expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { formatFault } from '../../../agent/config/fault.ts';
import { configFaultsMax } from '../../../agent/config/limits.ts';
import * as limits from '../../../agent/limits.ts';
import { formatTopic } from '../../../agent/qn/topic.ts';
import { faultCases } from './cases/all-cases.ts';
import { validHead } from './cases/fault-case.ts';

test.each(Object.entries(faultCases))('%s is told with its place', (_, { yaml, isWhole, faults }) => {
  expect(faultsOf(isWhole ? yaml : `${validHead}${yaml}`)).toEqual(faults.map((fault) => `c.yaml:${fault}`));
});

test('the head of the cases has no fault of its own', () => {
  expect(faultsOf(validHead)).toEqual([]);
});

test('no fault holds a secret', () => {
  const cases = Object.values(faultCases).flatMap(({ yaml, isWhole }) => faultsOf(isWhole ? yaml : validHead + yaml));
  expect(cases.length).toBeGreaterThan(100);
  expect(cases.filter((fault) => /s3cret|123456/.test(fault))).toEqual([]);
});

test('all faults are told at once, in the order of the lines', () => {
  const faults = faultsOf('bindings: [{ on: x }]\nlog: { level: 1 }\ngroups: 3\nnode: A\nmqtt: { brokers: [] }\n');
  expect(faults.map((fault) => fault.split(': ', 2).join(': '))).toEqual([
    'c.yaml:1:12: /bindings/0/to',
    'c.yaml:2:15: /log/level',
    'c.yaml:3:9: /groups',
    'c.yaml:4:7: /node',
    'c.yaml:5:18: /mqtt/brokers',
  ]);
});

test('with very many faults the last one counts the others', () => {
  const unknown = Array.from({ length: configFaultsMax }, (_, index) => `k${index}: 1`);
  expect(faultsOf(`${validHead}${unknown.join('\n')}`)).toHaveLength(configFaultsMax);
  const over = faultsOf(`${validHead}${unknown.join('\n')}\nk: 1`);
  expect(over).toHaveLength(configFaultsMax);
  expect(over.at(-1)).toBe('c.yaml: and 2 more faults');
});

const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => item(i)).join(', ');
const document = (text: string) => `${validHead}documents: { a: { ${text} } }`;

test.each([
  `${validHead}groups: [${many(limits.groupsMax, (index) => `g${index}`)}]`,
  `node: n\nmqtt: { brokers: [${many(limits.brokersMax, (index) => `{ url: "mqtt://h${index}" }`)}] }`,
  `node: n\nmqtt: { brokers: [{ url: "mqtt://h", weight: 1000 }], keepalive: 5s }`,
  `node: n\nmqtt: { brokers: [{ url: "mqtt://h" }], keepalive: 65535s, root: ${'r'.repeat(128)}, client-id: ${'c'.repeat(128)} }`,
  `${validHead}documents: { ${many(limits.documentsMax, (index) => `d${index}: { driver: gpio-out, line: L${index} }`)} }`,
  `${document('driver: gpio-out, line: A')}\nbindings: [${many(limits.bindingsMax, () => '{ on: x, to: a }')}]`,
  `${document('driver: gpio-out, line: A')}\nbindings: [{ on: x, to: a, map: { ${many(limits.bindingMapEntriesMax, (index) => `k${index}: 1`)} } }]`,
  document(`driver: gpio-out, number: 65535, line: ${'L'.repeat(31)}`),
  document('driver: gpio-out, line: A, max-on: 1d, min-dwell: 10m, safe: { offline: { after: 100ms } }'),
  document('driver: gpio-counter, line: A, publish: { min: 100ms }, storm: { rate: 100000, for: 60s, retry: 10m }'),
  document('driver: pwm-out, chip: pwmchip0, channel: 255, frequency: 10000000, scale: 100, safe: { boot: 100 }'),
  document('driver: gpio-in, number: 1, debounce: 10s, line: { chip: c, offset: 65535 }'),
  document(
    `driver: serial-line, port: /dev/x, max: 64KiB, inter-byte: 1m, baud: 4000000, delimiter: ${'x'.repeat(16)}`,
  ),
  document('driver: serial-raw, port: /dev/x, max: 1B, inter-byte: 1ms, baud: 50'),
  `${validHead}health: { interval: 1s }`,
  `${validHead}health: { interval: 1d }`,
])('at the bounds there is no fault (row %#)', (text) => {
  expect(faultsOf(text)).toEqual([]);
});

test('the longest names make a topic within its bound', () => {
  const name = 'n'.repeat(63);
  const topic = formatTopic(
    'r'.repeat(limits.topicRootBytesMax),
    `@${name}`,
    'notify',
    'd'.repeat(limits.documentNameBytesMax),
  );
  expect(topic.length).toBeLessThanOrEqual(limits.topicBytesMax);
});

test('a short config is filled up with the defaults', () => {
  const checked = checkConfig(
    `${validHead}documents:
  out: { driver: gpio-out, line: { chip: c, offset: 0 } }
  up: { driver: gpio-out, line: U, max-on: 10m, interlock: lift, safe: { offline: {} } }
  down: { driver: gpio-out, line: D, interlock: lift, interlock-policy: switch, dead-time: 1s, safe: { crash: hold } }
  flow: { driver: gpio-counter, line: F }
  fan: { driver: pwm-out, chip: pwmchip0, frequency: 25000, scale: 100, safe: { boot: 40, exit: hold } }
  in: { driver: gpio-in, line: L }
  line: { driver: serial-line, port: /dev/a }
  raw: { driver: serial-raw, port: simulated:/b }
  length: { driver: serial-length, port: /dev/c }`,
    'c.yaml',
  );
  const common = { priority: 'normal', retained: 'refuse' };
  const offEver = { boot: false, exit: false, crash: false, configError: false };
  const storm = { ratePerS: 500, windowMs: 1_000, retryMs: 10_000 };
  const settings = { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 };
  const serial = { ...common, settings, append: '', frameBytesMax: 1024 };
  expect(checked.ok && checked.value.config).toEqual({
    node: 'pi-1',
    groups: [],
    mqtt: {
      root: 'qn/1',
      brokers: [{ url: 'mqtt://h:1883', weight: 1 }],
      clientId: 'pi-1',
      acks: 'all',
      encoding: 'json',
      keepaliveSeconds: 30,
    },
    gpio: { backend: 'auto' },
    overAir: { trust: 'keys', verifyMs: 30_000 },
    pool: { profile: 'standard' },
    documents: {
      out: {
        ...common,
        driver: 'gpio-out',
        line: { chip: 'c', offset: 0 },
        active: 'high',
        safe: offEver,
        minDwellMs: 0,
      },
      up: {
        ...common,
        driver: 'gpio-out',
        line: 'U',
        active: 'high',
        safe: { ...offEver, offline: { afterMs: 30_000, to: false, restore: false } },
        minDwellMs: 0,
        maxOnMs: 600_000,
        interlock: { group: 'lift', policy: 'refuse', deadTimeMs: 100 },
      },
      down: {
        ...common,
        driver: 'gpio-out',
        line: 'D',
        active: 'high',
        safe: { ...offEver, crash: 'hold' },
        minDwellMs: 0,
        interlock: { group: 'lift', policy: 'switch', deadTimeMs: 1_000 },
      },
      flow: {
        ...common,
        driver: 'gpio-counter',
        line: 'F',
        bias: 'as-is',
        edge: 'rising',
        debounceMs: 0,
        publishMsMin: 1_000,
        storm: { ...storm, ratePerS: 5_000 },
      },
      fan: {
        ...common,
        driver: 'pwm-out',
        chip: 'pwmchip0',
        channel: 0,
        frequencyHz: 25_000,
        scale: 100,
        safe: { boot: 0.4, exit: 'hold', crash: 0, configError: 0 },
      },
      in: { ...common, driver: 'gpio-in', line: 'L', active: 'high', bias: 'as-is', debounceMs: 0, storm },
      line: {
        ...serial,
        driver: 'serial-line',
        port: '/dev/a',
        framing: { kind: 'delimiter', delimiter: '\n' },
        interByteMs: 500,
      },
      raw: { ...serial, driver: 'serial-raw', port: 'simulated:/b', framing: { kind: 'silence' }, interByteMs: 20 },
      length: {
        ...serial,
        driver: 'serial-length',
        port: '/dev/c',
        framing: { kind: 'length', bytes: 2, endian: 'big' },
        interByteMs: 500,
      },
    },
    bindings: [],
    trust: { keys: [] },
    health: { intervalMs: 60_000 },
    log: { level: 'info', environment: 'production' },
    stateFolder: '/var/lib/qn-agent',
  });
});

test.each([
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
  ['"on"', true],
])('a switch written as %s is %s', (word, expected) => {
  const safe = { boot: expected, exit: expected };
  for (const head of [validHead, `%YAML 1.1\n---\n${validHead}`]) {
    const text = `${head}documents: { a: { driver: gpio-out, line: A, safe: { boot: ${word}, exit: ${word} } } }`;
    const checked = checkConfig(text, 'c.yaml');
    expect(checked.ok && checked.value.config.documents).toMatchObject({ a: { safe } });
  }
});

test('exit may hold the level', () => {
  const checked = checkConfig(
    `${validHead}documents: { a: { driver: gpio-out, line: A, safe: { exit: hold } } }`,
    'c.yaml',
  );
  expect(checked.ok && checked.value.config.documents).toMatchObject({ a: { safe: { boot: false, exit: 'hold' } } });
});

test('brokers are in the order of their weight, and equal ones in that of the file', () => {
  const checked = checkConfig(
    'node: n\nmqtt: { brokers: [{ url: "mqtt://a" }, { url: "mqtts://b", weight: 9 }, { url: "mqtt://[::1]:1884" }] }',
    'c.yaml',
  );
  const urls = checked.ok && checked.value.config.mqtt.brokers.map(({ url }) => url);
  expect(urls).toEqual(['mqtts://b:8883', 'mqtt://a:1883', 'mqtt://[::1]:1884']);
});

test('keys of a binding map are taken as they are written', () => {
  const text = `${validHead}documents: { a: { driver: gpio-out, line: A } }\nbindings:\n  - { on: x, to: a, map: { true: on, 1: { on-for: 1s }, 0x10: 1 } }`;
  const checked = checkConfig(text, 'c.yaml');
  const maps = checked.ok && checked.value.config.bindings.map(({ map }) => map);
  expect(maps).toEqual([{ true: 'on', 1: { 'on-for': '1s' }, '0x10': 1 }]);
});

test('the hash depends on what is meant, not on how it is written', () => {
  const hashOf = (text: string) => {
    const checked = checkConfig(text, 'c.yaml');
    expect(checked.ok).toBe(true);
    return checked.ok && checked.value.hash;
  };
  const hash = hashOf(validHead);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf(`# a remark\nmqtt:\n  root: qn/1\n  brokers:\n    - url: mqtt://h:1883\nnode: "pi-1"\n`)).toBe(hash);
  expect(hashOf(`${validHead}log: { level: debug }`)).not.toBe(hash);
});

test('an alias brings what its anchor holds', () => {
  const text = `${validHead}documents:\n  a: { driver: gpio-out, line: A, safe: &s { boot: on } }\n  b: { driver: gpio-out, line: B, safe: *s }`;
  const checked = checkConfig(text, 'c.yaml');
  expect(checked.ok && checked.value.config.documents).toMatchObject({ b: { safe: { boot: true } } });
});

function faultsOf(text: string): readonly string[] {
  const checked = checkConfig(text, 'c.yaml');
  return checked.ok ? [] : checked.error.map(formatFault);
}
