import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { httpConnectionsMax } from '../../agent/limits.ts';
import type { Value } from '../../agent/qn/message.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import { fieldOf, openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openRig } from '../support/rig.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import { until } from '../support/until.ts';

const megabyte = 1_048_576;
/** Some 12 MB of old objects are alive at rest. */
const oldSpaceMb = 24;

describeWithMosquitto('the agent with little memory', () => {
  it('holds the broker back while it has no room, loses nothing, and neither dies nor keeps an emergency stop waiting', async () => {
    const unit = readUnitMemory();
    const documents = [
      'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
      'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }',
    ];
    await using rig = await openRig({
      documents,
      lines: ['GPIO17', 'GPIO22'],
      sections: 'health: { interval: 1s }',
      listensTo: 'qn/1/pi-1/ack/gpio.stop',
      brokerConfig: ['max_queued_messages 0'], // Else the broker throws away what the agent is slow to take.
    });
    await using healthy = await openListener(rig.broker.port, 'qn/1/pi-1/health/#');
    const nodeArguments = [`--max-old-space-size=${oldSpaceMb}`, '--max-semi-space-size=1'];
    await using agent = startAgentProcess(rig.configFile, { nodeArguments, env: unit.env });
    let hasEnded = false;
    void agent.ended.then(() => {
      hasEnded = true;
    });
    const born = await healthy.hear({ verb: 'health', test: (heard) => statusOf(heard) !== 'offline' }, 15_000);

    // Each of them is some MB once it is decoded, and there are far more than there are places for.
    const huge = JSON.stringify({ val: Array.from({ length: 8_000 }, (_, index) => [index]) });
    expect(huge.length).toBeLessThan(65_536);
    const said: Promise<void>[] = [];
    for (let round = 0; round < 100; round += 1) {
      said.push(rig.say('notify/gpio.relay1', huge));
      for (let times = 0; times < 20; times += 1)
        said.push(rig.say('notify/gpio.relay1', `{"id":"${round}${times}","val":"x"}`));
    }
    await Promise.all(said);
    await rig.say('notify/gpio.stop', '{"id":"99999999","src":"panel","val":"ON"}');
    await rig.hear({ verb: 'ack', document: 'gpio.stop', status: 'successful', id: 99_999_999n }, 15_000);
    expect(rig.wire('GPIO22')).toBe('1');
    const health = await healthy.hear(
      { verb: 'health', test: ({ message }) => receivedCount(message.val) > said.length },
      30_000,
    );
    expect(hasEnded).toBe(false);
    expect(fieldOf(health.message.val, 'boot')).toBe(fieldOf(born.message.val, 'boot'));
    expect(agent.rssBytes()).toBeLessThan(unit.highBytes);
  }, 90_000);

  it('remembers no large commands for an emergency document whose own connection the broker refuses', async () => {
    await using rig = await openRig({
      documents: ['gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }'],
      lines: ['GPIO22'],
      listensTo: 'qn/1/pi-1/ack/gpio.stop',
      brokerConfig: ['max_connections 2'], // The listener, and the main connection of the agent.
    });
    const { env } = readUnitMemory();
    const nodeArguments = [`--max-old-space-size=${oldSpaceMb}`];
    await using agent = startAgentProcess(rig.configFile, { nodeArguments, env });
    await until(() => agent.err.includes('emergency') || agent.out.includes('emergency'), 'that it is refused', 15_000);
    for (let count = 0; count < 100; count += 1) await rig.say('notify/gpio.stop', `${count}${' '.repeat(250_000)}`);
    await rig.say('notify/gpio.stop', '{"id":"7","src":"panel","val":"ON"}');
    await rig.hear({ verb: 'ack', document: 'gpio.stop', status: 'successful', id: 7n }, 30_000);
    expect([rig.wire('GPIO22'), agent.err]).toEqual(['1', '']);
  }, 90_000);

  it('survives configs of nothing but brackets, and one that is written out to 70 megabytes', async () => {
    await using rig = await openRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
      sections: 'config: { trust: none }',
    });
    const { nodeArguments, env } = readUnitMemory();
    await using agent = startAgentProcess(rig.configFile, { nodeArguments, env });
    await rig.hear({ verb: 'state', document: 'channels' }, 15_000);
    const texts = ['[', ']', '{'].map((bracket) => bracket.repeat(65_000));
    for (const [index, val] of [...texts, repeatingConfig].entries()) {
      await rig.say('notify/config', JSON.stringify({ id: `${index + 1}`, val }));
      const id = BigInt(index + 1);
      const refused = await rig.hear({ verb: 'ack', document: 'config', status: 'rejected', id }, 30_000);
      expect(refused.message.why).toBe('malformed');
    }
    expect(agent.err).toBe('');
  }, 120_000);

  it('survives strangers who send requests over HTTP and read no answer', async () => {
    const port = await freePort();
    await using rig = await openRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
      sections: `http: { port: ${port}, token: "env:HTTP_SECRET" }`,
    });
    const { nodeArguments, env } = readUnitMemory();
    const secret = { HTTP_SECRET: 'a-token-of-16-bytes' };
    await using agent = startAgentProcess(rig.configFile, { nodeArguments, env: { ...env, ...secret } });
    await rig.hear({ verb: 'state', document: 'channels' }, 15_000);
    const strangers = Array.from({ length: httpConnectionsMax }, () => connect(port, '127.0.0.1').pause());
    await Promise.all(strangers.map((stranger) => once(stranger, 'connect')));
    for (const stranger of strangers) {
      stranger.on('error', () => {}); // It may be cut in the middle.
      stranger.write('GET / HTTP/1.1\r\nHost:localhost\r\n\r\n'.repeat(1_900));
    }
    await rig.say('notify/gpio.relay1', '{"id":"1","src":"panel","val":"ON"}');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' }, 15_000);
    for (const stranger of strangers) stranger.destroy();
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect([page.status, agent.err]).toEqual([200, '']);
  }, 60_000);
});

const maps = Array.from({ length: 40 }, (_, at) => {
  const first = at === 0 ? `first: &text ${'x'.repeat(30_000)}` : 'first: x';
  const rest = Array.from({ length: 60 }, (_, key) => `${key}: *text`);
  return `  - { on: a${at}, to: serial.x, map: { ${[first, ...rest].join(', ')} } }`;
});
/** Valid, and not too long for a message. */
const repeatingConfig = `node: pi-1
mqtt: { brokers: [{ url: "mqtt://127.0.0.1" }] }
documents: { serial.x: { driver: serial-line, port: /dev/null, delimiter: ";" } }
bindings:
${maps.join('\n')}`;

function receivedCount(report: Value | undefined): number {
  return Number(fieldOf(fieldOf(report, 'messages'), 'received') ?? 0);
}

it('the unit leaves room for all that the agent takes at the most, and lets others go first', () => {
  const { nodeArguments, highBytes, maxBytes, oomScoreAdjust, env } = readUnitMemory();
  const of = (flag: string) => Number(nodeArguments.find((word) => word.startsWith(`--${flag}=`))?.split('=')[1]);
  // Node's own code and stacks are some 60 MB; V8 has three halves of the young space, and the pool has 2 MB.
  const mostBytes = (60 + of('max-old-space-size') + 3 * of('max-semi-space-size') + 2) * megabyte;
  expect(mostBytes).toBeLessThan(highBytes);
  expect(highBytes).toBeLessThan(maxBytes);
  expect(oomScoreAdjust).toBeLessThan(0);
  expect(env).toMatchObject({ MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' });
});
