import { expect, test } from 'vitest';
import { qnctlProgram } from '../../../agent/cli/programs.ts';
import { checkTree } from '../../../agent/config/check.ts';
import { applyEnv, type Env } from '../../../agent/config/env.ts';
import { formatFault } from '../../../agent/config/fault.ts';
import { parseYaml } from '../../../agent/config/parse-yaml.ts';

const main = 'node: from-file\nmqtt: { brokers: [{ url: "mqtt://file" }] }\n';

test.each<[string, Env, object]>([
  ['a name at the top', { QN_NODE: 'pi-7' }, { node: 'pi-7' }],
  [
    'an item of a list',
    { QN_MQTT__BROKERS__0__URL: 'mqtts://env' },
    { mqtt: { brokers: [{ url: 'mqtts://env:8883' }] } },
  ],
  [
    'the item behind the last',
    { QN_MQTT__BROKERS__1__URL: 'mqtt://env' },
    { mqtt: { brokers: [{ url: 'mqtt://file:1883' }, { url: 'mqtt://env:1883' }] } },
  ],
  ['a list that was not there', { QN_GROUPS__0: 'a', QN_GROUPS__1: 'b' }, { groups: ['a', 'b'] }],
  ['a list in one', { QN_GROUPS: '[a, b]' }, { groups: ['a', 'b'] }],
  ['_ for -', { QN_MQTT__CLIENT_ID: '007' }, { mqtt: { clientId: '007' } }],
  [
    '_ for . of an existing name',
    { QN_DOCUMENTS__GPIO_RELAY1__ACTIVE: 'low' },
    { documents: { 'gpio.relay1': { active: 'low' } } },
  ],
  ['a number', { QN_MQTT__BROKERS__0__WEIGHT: '7' }, { mqtt: { brokers: [{ weight: 7 }] } }],
  ['a text that looks like YAML', { QN_MQTT__USERNAME: 'a: #b *c' }, { mqtt: { username: 'a: #b *c' } }],
  ['a number in quotes', { QN_MQTT__USERNAME: '"42"' }, { mqtt: { username: '42' } }],
  [
    'a switch',
    { QN_DOCUMENTS__GPIO_RELAY1__SAFE__BOOT: 'true' },
    { documents: { 'gpio.relay1': { safe: { boot: true } } } },
  ],
])('a variable can set %s', (_, env, expected) => {
  const { config, faults } = load(`${main}documents: { gpio.relay1: { driver: gpio-out, line: A } }`, env);
  expect(faults).toEqual([]);
  expect(config).toMatchObject(expected);
});

test('variables of others, of qnctl, and those that hold a secret are not settings', () => {
  const env = {
    HOME: '/root',
    QNX: '1',
    QN_URL: 'mqtt://x',
    QN_ROOT: 'r',
    QN_USERNAME: 'u',
    QN_PASSWORD: 's3cret',
    QN_MQTT__USERNAME: 'me',
    QN_MQTT__PASSWORD: 'env:QN_SECRET',
    QN_SECRET: 's3cret',
  };
  expect(load(main, env).config?.mqtt).toMatchObject({
    root: 'qn/1',
    username: 'me',
    password: { from: 'env', name: 'QN_SECRET' },
  });
});

test('nor is any that the help of qnctl names', () => {
  const help = qnctlProgram.verbs.flatMap(({ options }) => Object.values(options).map((option) => option.help));
  const names = new Set(help.flatMap((text) => [...text.matchAll(/[$](QN_[A-Z_]+)/g)].map(([, name = '']) => name)));
  expect([...names]).toEqual(expect.arrayContaining(['QN_URL', 'QN_KEY', 'QN_CERT_KEY']));
  expect(load(main, Object.fromEntries([...names].map((name) => [name, '/x']))).faults).toEqual([]);
});

test.each<[string, Env, string]>([
  ['an unknown key', { QN_NOD: 'x' }, 'env QN_NOD: /nod: unknown key "nod" (did you mean node?)'],
  [
    'a wrong value',
    { QN_LOG__LEVEL: 'x' },
    'env QN_LOG__LEVEL: /log/level: expected debug or info or warn or error, found "x"',
  ],
  [
    'an empty level',
    { QN_LOG____LEVEL: 'x' },
    'env QN_LOG____LEVEL: a level without a name (two _ part the levels: QN_LOG__LEVEL)',
  ],
  ['nothing behind the prefix', { QN_: 'x' }, 'env QN_: a level without a name (two _ part the levels: QN_LOG__LEVEL)'],
  [
    'a gap in a list',
    { QN_MQTT__BROKERS__2__URL: 'mqtt://x' },
    'env QN_MQTT__BROKERS__2__URL: /mqtt/brokers/2/url: not an item of the list: 2 (it has 1)',
  ],
  [
    'two keys that can be meant',
    { QN_DOCUMENTS__A_B__LINE: 'X' },
    'env QN_DOCUMENTS__A_B__LINE: /documents/a-b/line: a-b can mean a.b or a-b',
  ],
  ['a dangerous key', { QN_CONSTRUCTOR: 'x' }, 'env QN_CONSTRUCTOR: /constructor: constructor is not allowed as a key'],
  ['half a list', { QN_GROUPS: '[a' }, 'env QN_GROUPS:1:3: not YAML: flow sequence must end with a ]'],
])('a variable with %s is told by its name', (_, env, fault) => {
  const documents = 'documents: { a.b: { driver: gpio-out, line: A }, a-b: { driver: gpio-out, line: B } }';
  expect(load(main + documents, env).faults).toEqual([fault]);
});

test('a secret in plain text in a variable is refused and not told', () => {
  const { faults } = load(main, { QN_MQTT__USERNAME: 'me', QN_MQTT__PASSWORD: 's3cret' });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^env QN_MQTT__PASSWORD: \/mqtt\/password: a secret in plain text/);
  expect(faults[0]).not.toContain('s3cret');
});

function load(yaml: string, env: Env) {
  const tree = parseYaml(yaml, 'c.yaml');
  if (!tree.ok || tree.value === null) throw new Error('the YAML of the test is wrong');
  const overridden = applyEnv(tree.value, env);
  const checked = checkTree(overridden.tree);
  return {
    config: checked.ok ? checked.value.config : undefined,
    faults: [...overridden.faults, ...(checked.ok ? [] : checked.error)].map(formatFault),
  };
}
