import { connectAsync, type MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import { mosquittoAcl } from '../../../agent/topics/mosquitto-acl.ts';
import { configOf } from '../../support/memory-agent.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';

const config = configOf(
  {
    documents: [
      'gpio.ops: { driver: gpio-out, line: A, control: [ops] }',
      'gpio.signed: { driver: gpio-out, line: B, control: ["token:actuate"] }',
      'gpio.both: { driver: gpio-out, line: C, control: [dev, "token:actuate"] }',
      'gpio.lines: { driver: gpio-out, line: D, control: ["line-*"] }',
      'gpio.free: { driver: gpio-out, line: E }',
      'gpio.in: { driver: gpio-in, line: F }',
      'mcu: { driver: mcu, port: /dev/ttyS1, baud: 115200, channels: { out1: { control: [ops] } } }',
      'mcu2: { driver: mcu, port: /dev/ttyS2, control: [ops], channels: { out1: {}, out2: { control: [dev] } } }',
      'gpio.bound: { driver: gpio-out, line: G, control: ["binding:any"] }',
    ],
    sections: [
      'groups: [line-1]',
      'bindings: [{ on: plant/stop, to: gpio.bound }]',
      'home-assistant: {}',
      'trust: { control: { selftest: [ops] } }',
    ].join('\n'),
    mqtt: ['username: board', 'password: "env:PW"'],
  },
  '/tmp',
);
const users = { board: 'a', ops: 'b', dev: 'c', guest: 'd' };

/** Who, what, and whether the broker lets it through. */
const publishes: readonly [keyof typeof users, string, boolean][] = [
  ['ops', 'pi-1/notify/gpio.ops', true],
  ['ops', '@line-1/notify/gpio.ops', false],
  ['ops', '@all/notify/gpio.ops', false],
  ['guest', 'pi-1/notify/gpio.ops', false],
  ['guest', '@all/notify/gpio.ops', false],
  ['dev', 'pi-1/notify/gpio.ops', false],
  ['ops', 'pi-2/notify/gpio.ops', false],
  ['guest', 'pi-1/notify/gpio.signed', true],
  ['dev', 'pi-1/notify/gpio.both', true],
  ['guest', 'pi-1/notify/gpio.both', false],
  ['guest', 'pi-1/notify/gpio.lines', false],
  ['guest', 'pi-1/notify/gpio.free', true],
  ['guest', '@all/notify/gpio.free', false],
  ['guest', 'pi-1/notify/gpio.in', false],
  ['guest', 'pi-1/notify/gpio.bound', false],
  ['guest', 'pi-1/notify/config', true],
  ['guest', '@all/notify/config', false],
  ['guest', 'pi-1/query/gpio.ops', true],
  ['guest', '@all/query/gpio.ops', true],
  ['guest', 'pi-1/state/gpio.ops', false],
  ['guest', 'pi-1/health/agent', false],
  ['guest', 'pi-1/ack/gpio.ops', false],
  ['ops', 'pi-1/event/gpio.ops', false],
  ['board', 'pi-1/state/gpio.ops', true],
  ['board', 'pi-1/delta/gpio.ops', true],
  ['board', 'pi-1/event/gpio.ops', true],
  ['board', 'pi-1/ack/gpio.ops', true],
  ['board', 'pi-1/health/agent', true],
  ['board', 'qnctl-1/reply/gpio.ops', true],
  ['board', 'pi-2/state/gpio.ops', false],
  ['board', 'pi-1/notify/gpio.ops', false],
  ['ops', 'pi-1/notify/selftest', true],
  ['guest', 'pi-1/notify/selftest', false],
  ['guest', 'pi-1/notify/log', true],
  ['ops', 'pi-1/notify/mcu.out1', true],
  ['guest', 'pi-1/notify/mcu.out1', false],
  ['ops', 'pi-1/notify/mcu2.out1', true],
  ['guest', 'pi-1/notify/mcu2.out1', false],
  ['dev', 'pi-1/notify/mcu2.out2', true],
  ['ops', 'pi-1/notify/mcu2.out2', false],
  ['board', 'home', true],
  ['guest', 'home', false],
];

describeWithMosquitto('rights made for mosquitto', () => {
  it('let through what a board and its users need, and nothing else', async () => {
    const files = { 'board.acl': mosquittoAcl(config) };
    await using broker = await startMosquitto({ files, users, config: (folder) => [`acl_file ${folder}/board.acl`] });
    const clients = new Map<string, MqttClient>();
    const names = Object.keys(users) as (keyof typeof users)[];
    for (const name of names) {
      const options = { username: name, password: users[name], protocolVersion: 5, clientId: name } as const;
      clients.set(name, await connectAsync({ host: '127.0.0.1', port: broker.port, protocol: 'mqtt', ...options }));
    }
    const tried: [string, string, boolean][] = [];
    for (const [name, below] of publishes) {
      const topic = below === 'home' ? 'homeassistant/device/qn-pi-1/config' : `qn/1/${below}`;
      const sent = clients.get(name)!.publishAsync(topic, '1', { qos: 1 });
      tried.push([
        name,
        below,
        await sent.then(
          (packet) => !isRefused(packet),
          () => false,
        ),
      ]);
    }
    expect(tried).toEqual(publishes);
    await Promise.all([...clients.values()].map((client) => client.endAsync()));
  });

  it('bring a board its commands and the topics of its bindings, and a guest no command of others', async () => {
    const files = { 'board.acl': mosquittoAcl(config) };
    await using broker = await startMosquitto({
      files,
      users: { ...users, plant: 'e' },
      config: (folder) => [`acl_file ${folder}/board.acl`, 'connection_messages true'],
    });
    const heard: Record<string, string[]> = { board: [], guest: [] };
    const open = async (name: string, password: string) =>
      await connectAsync({
        host: '127.0.0.1',
        port: broker.port,
        protocol: 'mqtt',
        username: name,
        password,
        clientId: name,
      });
    const [board, guest, ops] = await Promise.all([open('board', 'a'), open('guest', 'd'), open('ops', 'b')]);
    for (const [name, client] of [
      ['board', board],
      ['guest', guest],
    ] as const) {
      client.on('message', (topic) => heard[name]?.push(topic));
      await client.subscribeAsync('#', { qos: 1 });
      await client.subscribeAsync('qn/1/+/notify/+', { qos: 1 });
    }
    await ops.publishAsync('qn/1/pi-1/notify/gpio.ops', '1', { qos: 1 });
    await board.publishAsync('qn/1/pi-1/ack/gpio.ops', '{}', { qos: 1 });
    await expect.poll(() => [heard['board']?.length, heard['guest']?.length]).toEqual([expect.any(Number), 1]);
    expect(heard['guest']).toEqual(['qn/1/pi-1/ack/gpio.ops']);
    expect(heard['board']).toContain('qn/1/pi-1/notify/gpio.ops');
    await Promise.all([board, guest, ops].map((client) => client.endAsync()));
  });

  it('make who commands a document of one board no master of another one that names somebody else', async () => {
    const documents = ['gpio.ops: { driver: gpio-out, line: A, control: [chief] }'];
    const mqtt = ['username: other', 'password: "env:PW"'];
    const other = { ...configOf({ documents, mqtt, sections: 'groups: [line-1]' }, '/tmp'), node: 'pi-2' };
    await using broker = await startMosquitto({
      files: { 'board.acl': mosquittoAcl(config) + mosquittoAcl(other) },
      users: { ...users, other: 'f', chief: 'g' },
      config: (folder) => [`acl_file ${folder}/board.acl`],
    });
    const open = (username: string, password: string) =>
      connectAsync({ host: '127.0.0.1', port: broker.port, protocol: 'mqtt', username, password, clientId: username });
    const [board, ops, chief] = await Promise.all([open('other', 'f'), open('ops', 'b'), open('chief', 'g')]);
    const heard: string[] = [];
    board.on('message', (_, payload) => heard.push(JSON.parse(payload.toString()).id));
    for (const target of ['pi-2', '@all', '@line-1']) await board.subscribeAsync(`qn/1/${target}/notify/+`, { qos: 1 });
    for (const [index, target] of ['pi-2', '@all', '@line-1'].entries()) {
      const command = { id: `${index}`, src: 'chief', val: 'ON' };
      await ops.publishAsync(`qn/1/${target}/notify/gpio.ops`, JSON.stringify(command), { qos: 1 });
    }
    await chief.publishAsync('qn/1/pi-2/notify/gpio.ops', '{"id":"9","src":"chief","val":"ON"}', { qos: 1 });
    await expect.poll(() => heard).toContain('9');
    expect(heard).toEqual(['9']);
    await Promise.all([board, ops, chief].map((client) => client.endAsync()));
  });

  it('say in words what mosquitto cannot say', () => {
    const text = mosquittoAcl(config);
    expect(text).toContain('\n# topic write qn/1/@line-1/notify/gpio.ops\n');
    expect(text).toContain('\n# user line-*\n# topic write qn/1/pi-1/notify/gpio.lines\n');
    expect(text).toContain('\ntopic read plant/stop\n');
    expect(text).toContain('with its name: pattern write qn/1/pi-1/notify/mcu.CHANNEL\n');
    expect(text).toContain('with its name: for the users ops: topic write qn/1/pi-1/notify/mcu2.CHANNEL\n');
    expect(mosquittoAcl({ ...config, overAir: { ...config.overAir, trust: 'none' } })).toContain(
      'whoever may write there owns',
    );
  });
});

function isRefused(packet: unknown): boolean {
  return typeof packet === 'object' && packet !== null && 'reasonCode' in packet && Number(packet.reasonCode) >= 0x80;
}
