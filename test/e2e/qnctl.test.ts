import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, runProgram, startScript, type TestProcess } from '../support/agent-process.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up }',
];

function start(): Promise<Rig> {
  return startRig({ documents, lines: ['GPIO17', 'GPIO27'] });
}

function qnctl(rig: Rig, ...args: readonly string[]) {
  return runProgram('qnctl', args, { env: { QN_URL: rig.broker.url } });
}

/** `qnctl watch`, subscribed: it has printed what is retained. */
async function startWatch(rig: Rig, ...args: readonly string[]): Promise<TestProcess> {
  const watch = startScript(path.join(distFolder, 'qnctl.cjs'), ['watch', ...args], {
    env: { QN_URL: rig.broker.url },
  });
  await until(() => watch.out !== '', 'the retained snapshot');
  return watch;
}

function jsonLines(out: string): readonly unknown[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describeWithMosquitto('qnctl against a running agent', () => {
  it('query prints the value, as text and as JSON', async () => {
    await using rig = await start();
    expect(await qnctl(rig, 'query', 'pi-1', 'gpio.relay1')).toMatchObject({
      code: 0,
      out: 'gpio.relay1 = false  (version 1)\n',
      err: '',
    });
    const { code, out } = await qnctl(rig, 'query', 'pi-1', 'selftest', '--json');
    expect([code, jsonLines(out)]).toMatchObject([0, [{ t: 'snapshot', val: { health_status: 'PASS' } }]]);
  });

  it('query for what is not there says why, with exit code 1', async () => {
    await using rig = await start();
    const { code, out } = await qnctl(rig, 'query', 'pi-1', 'no.such');
    expect([code, out]).toMatchObject([1, expect.stringContaining('unknown-document')]);
  });

  it('notify follows the command to its end, and moves the pin', async () => {
    await using rig = await start();
    const { code, out, err } = await qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'ON', '--json');
    expect([code, err]).toEqual([0, '']);
    const steps = ['accepted', 'executing', 'successful'].map((st) => ({ t: 'ack', st }));
    expect(jsonLines(out)).toMatchObject(steps);
    expect(rig.wire('GPIO17')).toBe('1');
    expect(await qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'OFF', '--encoding', 'cbor')).toMatchObject({ code: 0 });
    expect(rig.wire('GPIO17')).toBe('0');
  });

  it('notify with a ttl that is no whole number of ms sends the next one', async () => {
    await using rig = await start();
    expect(await qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'ON', '--ttl', '2000.5ms')).toMatchObject({ code: 0 });
  });

  it('notify of what no message can hold says so', async () => {
    await using rig = await start();
    expect(await qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'x'.repeat(66_000))).toMatchObject({
      code: 65,
      err: expect.stringMatching(/^qnctl notify: \d+ bytes: a message has at most 65536/),
    });
  });

  it('notify that is rejected ends with 1 and the reason', async () => {
    await using rig = await start();
    const { code, out } = await qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'perhaps');
    expect([code, out]).toMatchObject([1, expect.stringContaining('rejected, out-of-range: not a switch value')]);
  });

  it.each([
    ['notify', 'pi-9', 'gpio.relay1', 'ON'],
    ['query', 'pi-9', 'gpio.relay1'],
    ['health', 'pi-9'],
  ])('%s to a node that is not there ends with 69 and says so', async (...args) => {
    await using rig = await start();
    const { code, out, err } = await qnctl(rig, ...args, '--timeout', '300ms');
    expect([code, out, err]).toMatchObject([69, '', expect.stringContaining('pi-9')]);
  });

  it.each([
    ['pi-9', 'ON', expect.stringMatching(/where that is online, the broker may keep commands from it: .*--acl/)],
    [
      'pi-1',
      '{"on-for": "5s"}',
      expect.stringMatching(/as a long pulse does, say --timeout; else try: qnctl health pi-1\n$/),
    ],
  ])('notify to %s of which no end is heard says where to look', async (node, value, told) => {
    await using rig = await start();
    expect(await qnctl(rig, 'notify', node, 'gpio.relay1', value, '--timeout', '500ms')).toMatchObject({
      code: 69,
      err: told,
    });
  });

  it('takes a variable of the environment that is empty for one that is not there', async () => {
    await using rig = await start();
    const empty = { QN_ROOT: '', QN_USERNAME: '', QN_PASSWORD: '', QN_CA: '', QN_CERT: '', QN_CERT_KEY: '' };
    const asked = await runProgram('qnctl', ['health', 'pi-1'], { env: { QN_URL: rig.broker.url, ...empty } });
    expect([asked.code, asked.err]).toEqual([0, '']);
  });

  it('watch prints what the node says, until the count is reached', async () => {
    await using rig = await start();
    await using watch = await startWatch(rig, 'pi-1', 'gpio.relay1', '--count', '5', '--json');
    await rig.say('notify/gpio.relay1', 'ON');
    expect(await watch.ended).toMatchObject({ code: 0 });
    const kinds = jsonLines(watch.out).map((line) => Object(line).t);
    expect(kinds).toEqual(['snapshot', 'ack', 'ack', 'snapshot', 'delta']); // The first one is the retained.
  });

  it.each([
    [['pi-9'], 'nothing heard of pi-9 so far; is the name right? qnctl health lists all nodes'],
    [
      ['pi-1', 'gpio.relai1'],
      'nothing heard of gpio.relai1 so far; is the name right? qnctl watch pi-1 shows all it has',
    ],
  ])('watch of %j, that there is not, says so once and stays', async (names, told) => {
    await using rig = await start();
    const { code, out, err } = await qnctl(rig, 'watch', ...names, '--timeout', '100ms', '--for', '2s');
    expect([code, out, err]).toEqual([0, '', `qnctl watch: ${told}\n`]);
  });

  it('watch ends with 69 when the broker goes away', async () => {
    await using rig = await start();
    await using watch = await startWatch(rig, 'pi-1');
    await rig.broker.kill();
    const { code } = await watch.ended;
    expect([code, watch.err]).toMatchObject([69, expect.stringContaining(rig.broker.url)]);
  });

  it('notify never passes for success when the broker goes away before the answer', async () => {
    await using rig = await start();
    await rig.agent.end('SIGKILL');
    const notifying = qnctl(rig, 'notify', 'pi-1', 'gpio.relay1', 'ON');
    await rig.hear({ verb: 'notify' });
    await rig.broker.kill();
    expect(await notifying).toMatchObject({ code: 69, out: '', err: expect.stringContaining(rig.broker.url) });
  });

  it('health --for stays, and shows it again at each change, until its time is over', async () => {
    await using rig = await start();
    const health = startScript(path.join(distFolder, 'qnctl.cjs'), ['health', 'pi-1', '--for', '8s'], {
      env: { QN_URL: rig.broker.url },
    });
    await until(() => health.out.startsWith('pi-1  online'), 'how it is now', 20_000);
    await rig.agent.end('SIGKILL');
    await until(() => health.out.endsWith('\npi-1  offline\n'), 'the change', 20_000);
    expect(await health.ended).toMatchObject({ code: 1 });
    expect(health.out.trim().split('\n')).toHaveLength(2);
  });

  it('health shows one node and all of them, and fails for one that is not well', async () => {
    await using rig = await start();
    const all = await qnctl(rig, 'health');
    expect([all.code, all.out]).toMatchObject([
      0,
      expect.stringMatching(/^pi-1 {2}online {2}uptime \d+ s {2}self-test PASS\n$/),
    ]);
    const one = await qnctl(rig, 'health', 'pi-1', '--json');
    expect(jsonLines(one.out)).toMatchObject([{ t: 'health', val: { status: 'online' } }]);
    await rig.agent.end('SIGKILL');
    await rig.hear({ verb: 'health', test: ({ bytes }) => Buffer.from(bytes).includes('offline') });
    expect(await qnctl(rig, 'health', 'pi-1')).toMatchObject({ code: 1, out: 'pi-1  offline\n' });
  });

  it.each([[], ['pi-9']])('says who never told a broker its health: health %s', async (...node) => {
    await using broker = await startMosquitto();
    const { code, err } = await runProgram('qnctl', ['health', ...node, '--url', broker.url, '--timeout', '300ms']);
    const told =
      node.length === 0
        ? 'no node has ever told its health to this broker; is the root right, and may this user read there?'
        : 'pi-9 has never told its health to this broker; are root and name right, and may this user read there? qnctl health lists all nodes';
    expect([code, err]).toEqual([69, `qnctl health: ${told}\n`]);
  });

  it('says clearly that there is no broker, with exit code 69', async () => {
    const env = { QN_URL: `mqtt://127.0.0.1:${await freePort()}` };
    for (const args of [['query', 'pi-1', 'a'], ['notify', 'pi-1', 'a', '1'], ['watch', 'pi-1'], ['health']]) {
      const { code, out, err } = await runProgram('qnctl', args, { env });
      expect([code, out, err]).toMatchObject([
        69,
        '',
        expect.stringMatching(/^qnctl: mqtt:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*\n$/),
      ]);
    }
  });
});
