import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { componentsOf } from '../../../agent/home-assistant/components.ts';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf, startMemoryAgent } from '../../support/memory-agent.ts';
import { fieldFaults } from './field-rules.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.gate: { driver: gpio-out, line: GPIO22 }',
  'gpio.button1: { driver: gpio-in, line: GPIO27 }',
  'gpio.flow: { driver: gpio-counter, line: GPIO5, edge: rising }',
  'fan: { driver: pwm-out, chip: pwmchip0, channel: 0, frequency: 25000, scale: 100 }',
  'serial.scale: { driver: serial-line, port: /dev/ttyUSB0, baud: 9600 }',
  'serial.bus: { driver: modbus-rtu, port: /dev/ttyUSB1, baud: 19200 }',
  'meter.energy: { driver: modbus-register, bus: serial.bus, unit: 3, register: 1, type: u32, poll: 1s, scale: 0.01, unit-of-measure: kWh }',
  'heat.goal: { driver: modbus-register, bus: serial.bus, unit: 3, register: 9, type: i16, poll: 1s, scale: 0.1, write: true, unit-of-measure: °C }',
  'heat.on: { driver: modbus-register, bus: serial.bus, unit: 3, register: 2, table: coil, type: bool, poll: 1s, write: true }',
];
const sections = 'home-assistant: { buttons: { gpio.gate: 500ms } }';
const topic = 'homeassistant/device/qn-pi-1/config';

function components() {
  return componentsOf(configOf({ documents, sections }, '/tmp/board'));
}

interface Described {
  readonly device: { readonly identifiers: readonly string[] };
  readonly origin: { readonly name: string };
  readonly components: { readonly [key: string]: { readonly platform: string; readonly [field: string]: unknown } };
}

/** What Home Assistant hears, and a broker it shares with the board. */
function openHome() {
  const broker = createMemoryBroker();
  const heard = createArrivals<Described | undefined>();
  const client = broker.client(({ payload }) => {
    const text = Buffer.from(payload).toString();
    heard.push(text === '' ? undefined : JSON.parse(text));
  });
  client.subscribe(topic);
  return { broker, heard, client };
}

it('every kind of document is an entity whose fields Home Assistant knows', () => {
  const all = components();
  expect(
    Object.values(all)
      .map(({ platform }) => platform)
      .toSorted(),
  ).toEqual([
    'binary_sensor',
    'binary_sensor',
    'binary_sensor',
    'button',
    'number',
    'number',
    'sensor',
    'sensor',
    'sensor',
    'sensor',
    'switch',
    'switch',
    'update',
  ]);
  expect(Object.entries(all).flatMap(([key, entity]) => fieldFaults(key, entity))).toEqual([]);
  const ids = Object.values(all).map((entity) => entity['unique_id']);
  expect(new Set(ids).size).toBe(ids.length);
});

it('names that are one to Home Assistant are told apart, and the one it knows already stays', () => {
  const clashing = ['gpio.a_b', 'gpio.a.b', 'gpio_a_b', 'agent_status', 'gpio.flow.rate', 'gpio_flow_rate'];
  const alone = componentsOf(configOf({ documents, sections }, '/tmp/board'));
  const more = clashing.map((name, index) => `${name}: { driver: gpio-out, line: L${index} }`);
  const all = componentsOf(configOf({ documents: [...documents, ...more], sections }, '/tmp/board'));
  const { length } = Object.values(alone);
  const ids = Object.values(all).map((entity) => String(entity['unique_id']));
  expect([Object.keys(all).length, new Set(ids).size]).toEqual([length + clashing.length, ids.length]);
  expect(Object.entries(all).flatMap(([key, entity]) => fieldFaults(key, entity))).toEqual([]);
  const commandOf = (id: string) => Object.values(all).find((entity) => entity['unique_id'] === id)?.['command_topic'];
  expect(commandOf('qn_pi-1_gpio_a_b')).toBe('qn/1/pi-1/notify/gpio.a_b'); // The first of them; it took no other.
  expect(commandOf('qn_pi-1_agent_status')).toBe('qn/1/pi-1/notify/agent_status');
  expect(commandOf('qn_pi-1_gpio_flow_rate')).toBe('qn/1/pi-1/notify/gpio.flow.rate'); // The last of one key.
  const moved = ['agent.status', 'gpio.flow.rate'];
  for (const key of Object.keys(alone)) if (!moved.includes(key)) expect(all[key]).toEqual(alone[key]);
});

it('units say what is measured', () => {
  const all = components();
  expect(all['meter.energy']).toMatchObject({
    platform: 'sensor',
    unit_of_measurement: 'kWh',
    device_class: 'energy',
    state_class: 'total_increasing',
  });
  expect(all['heat.goal']).toMatchObject({
    platform: 'number',
    unit_of_measurement: '°C',
    device_class: 'temperature',
    min: -3276.8,
    max: 3276.7,
    step: 0.1,
  });
});

it.each([
  [{ platform: 'switch', unique_id: 'a' }, 'command_topic is missing'],
  [{ platform: 'sensor', unique_id: 'a', state_topic: 'a', payload_on: 'x' }, 'payload_on is no field'],
  [{ platform: 'sensor', unique_id: 'a', state_topic: 'a/#' }, 'state_topic'],
  [{ platform: 'number', unique_id: 'a', command_topic: 'a', min: 5, max: 1 }, 'min, max, step'],
  [{ platform: 'sensor', unique_id: 'a', state_topic: 'a', options: ['a'], state_class: 'total' }, 'options'],
  [{ platform: 'sensor', state_topic: 'a' }, 'unique_id is missing'],
])('the rules find %j', (entity, fault) => {
  expect(fieldFaults('x', entity).join()).toContain(fault);
});

it('the board describes itself when it connects, and its ON and OFF are those that move the pin', async () => {
  const { broker, heard, client } = openHome();
  await using rig = await startMemoryAgent({ documents, sections, broker });
  const described = await heard.next();
  expect(described).toMatchObject({ device: { identifiers: ['qn_pi-1'] }, origin: { name: 'qn-agent' } });
  expect(client.arrived.at(-1)?.retain).toBe(false); // It came as it was said; it is kept for who comes later:
  const later = broker.client();
  later.subscribe(topic);
  await new Promise((resolve) => setImmediate(resolve));
  expect(later.arrived.map(({ retain }) => retain)).toEqual([true]);

  const relay = described?.components['gpio.relay1'] ?? { platform: '' };
  const press = (field: string) => client.publish(String(relay['command_topic']), String(relay[field]), { qos: 1 });
  press('payload_on');
  await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
  expect(rig.board.wire('GPIO17').level).toBe(1);
  press('payload_off');
  await rig.hear({
    verb: 'state',
    document: 'gpio.relay1',
    test: ({ message }) => message.val === false && message.ver === 3,
  });
  expect(rig.board.wire('GPIO17').level).toBe(0);

  const gate = described?.components['gpio.gate'] ?? { platform: '' };
  client.publish(String(gate['command_topic']), String(gate['payload_press']), { qos: 1 });
  await rig.hear({ verb: 'ack', document: 'gpio.gate', status: 'successful' });
  expect(rig.board.wire('GPIO22').level).toBe(0); // On for half a second, and off again.
  const fan = described?.components['fan'] ?? { platform: '' };
  client.publish(String(fan['command_topic']), '40', { qos: 1 });
  await rig.hear({ verb: 'state', document: 'fan', test: ({ message }) => message.val === 40 });
});

it('says it again when Home Assistant was started', async () => {
  const { broker, heard, client } = openHome();
  await using _rig = await startMemoryAgent({ documents, sections, broker });
  const first = await heard.next();
  client.publish('homeassistant/status', 'offline');
  client.publish('homeassistant/status', 'online');
  expect(await heard.next()).toEqual(first);
  expect(heard.all).toHaveLength(2);
});

it('boards that hear together that Home Assistant was started do not all answer in that moment', async () => {
  const clock = createFakeClock();
  const broker = createMemoryBroker({ clock });
  const told: string[] = [];
  const client = broker.client(({ topic }) => void told.push(topic.split('/')[2] ?? ''));
  client.subscribe('homeassistant/device/+/config');
  const start = async (node: string, share: number) => {
    const starting = startMemoryAgent({ node, documents, sections, broker, clock, random: () => share });
    for (let turn = 0; turn < 10; turn += 1) await clock.advance(100);
    return await starting;
  };
  await using _soon = await start('soon', 0.1);
  await using _late = await start('late', 0.9);
  await clock.advance(1_000);
  expect(told.splice(0)).toEqual(['qn-soon', 'qn-late']);
  client.publish('homeassistant/status', 'online');
  client.publish('homeassistant/status', 'online'); // It tells it again and again: once is enough.
  await clock.advance(900);
  expect(told).toEqual([]);
  await clock.advance(8_000);
  expect(told).toEqual(['qn-soon']);
  await clock.advance(8_000);
  expect(told).toEqual(['qn-soon', 'qn-late']);
});

it('takes away what an earlier life had, by its platform, and then leaves it out', async () => {
  const { broker, heard } = openHome();
  const before = await startMemoryAgent({ documents, sections, broker });
  await heard.next();
  await before[Symbol.asyncDispose]();
  const fewer = documents.filter((line) => !line.startsWith('fan:'));
  await using _rig = await startMemoryAgent({ documents: fewer, sections, broker });
  const cleared = await heard.next(
    (one) => one?.components['fan']?.['state_topic'] === undefined && 'fan' in (one?.components ?? {}),
  );
  expect(cleared?.components['fan']).toEqual({ platform: 'number' });
  const last = await heard.next((one) => one !== undefined && !('fan' in one.components));
  expect(Object.keys(last?.components ?? {})).toContain('gpio.relay1');
});

it('says nothing at all without its section', async () => {
  const { broker, heard } = openHome();
  await using rig = await startMemoryAgent({ documents, broker });
  await rig.hear({ verb: 'state', document: 'channels' });
  expect(heard.all).toEqual([]);
});

const python = '/usr/bin/python3'; // Debian's, as python3-jinja2 is.
const hasJinja = spawnSync(python, ['-c', 'import jinja2']).status === 0;
const script = `import sys, json, jinja2
print(json.dumps([jinja2.Template(t).render(value_json=v) for t, v in json.load(sys.stdin)]))`;

it.skipIf(!hasJinja)(
  `its templates give what the entities expect${hasJinja ? '' : ' (python3-jinja2 is not installed)'}`,
  () => {
    const all = components();
    const value = (key: string) => all[key]?.['value_template'];
    const availability = (key: string) =>
      (all[key]?.['availability'] as { value_template: string }[] | undefined)?.[0]?.value_template;
    const online = { status: 'online', drivers: { 'gpio.relay1': { state: 'working' }, fan: { state: 'failed' } } };
    const cases: readonly (readonly [template: unknown, val: unknown, expected: string])[] = [
      [value('gpio.relay1'), true, 'ON'],
      [value('gpio.relay1'), false, 'OFF'],
      [value('gpio.flow'), { count: 7, rate: 0.5 }, '7'],
      [value('gpio.flow.rate'), { count: 7, rate: 0.5 }, '0.5'],
      [value('serial.scale'), { open: true }, 'ON'],
      [value('agent.version'), { status: 'online', versions: { agent: '0.1.0' } }, '0.1.0'],
      [value('agent.version'), { status: 'offline' }, ''],
      [availability('gpio.relay1'), online, 'online'],
      [availability('fan'), online, 'offline'],
      [availability('gpio.gate'), online, 'online'],
      [availability('gpio.relay1'), { status: 'offline' }, 'offline'],
      [availability('gpio.relay1'), { status: 'online', is_brief: true }, 'online'],
    ];
    const input = JSON.stringify(cases.map(([template, val]) => [template, { val }]));
    const { stdout } = spawnSync(python, ['-c', script], { input, encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual(cases.map(([, , expected]) => expected));
  },
);
