import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { type MqttSubjects, reconnectTest, roundTripTest } from '../../../../agent/health/tests/mqtt.ts';
import { openTestSession, type TestSessionOptions } from '../../../../agent/mqtt/test-session.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { on } from '../../../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../../../support/mosquitto.ts';
import { freePort } from '../../../support/ports.ts';
import { runTest } from '../../../support/run-test.ts';

const topic = 'qn/1/pi-1/event/selftest';

function at(port: number, more: Partial<TestSessionOptions> = {}): MqttSubjects {
  const options = { brokers: [on(port)], clientId: 'pi-1-selftest', keepaliveSeconds: 30, topic, ...more };
  const dependencies = { clock: systemClock, random: () => 0 };
  return { clock: systemClock, open: (signal) => openTestSession(dependencies, options, signal) };
}

const roundTrip = (subjects: MqttSubjects, deadlineMs = 10_000, isBrokerOptional = false) =>
  runTest(roundTripTest(subjects, { messagesCount: 10, deadlineMs, isBrokerOptional }));

describeWithMosquitto('the way to the broker', () => {
  it('is measured there and back, and tells the slowest', async () => {
    await using broker = await startMosquitto();
    const row = await roundTrip(at(broker.port));
    expect(row).toMatchObject({ status: 'pass', detail: expect.stringContaining(`${broker.url}: 10 messages`) });
    expect(row.latency_us).toBeGreaterThan(0);
  });

  it('says event messages that everybody can read', async () => {
    await using broker = await startMosquitto();
    await using heard = await broker.collect('#');
    await roundTrip(at(broker.port));
    const first = await heard.next();
    expect(JSON.parse(first.text)).toEqual({ t: 'event', val: { what: 'selftest', text: 'round trip 0' } });
    expect(first.retain).toBe(false);
  });

  it('fails with the reason where nobody listens', async () => {
    const row = await roundTrip(at(await freePort()));
    expect(row).toMatchObject({ status: 'fail', detail: expect.stringContaining('ECONNREFUSED') });
  });

  it('in the quick test: a broker that is away is no fault, one that does not let us in is', async () => {
    expect(await roundTrip(at(await freePort()), 5_000, true)).toMatchObject({
      status: 'skip',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    await using silent = await openSilentServer();
    expect(await roundTrip(at(silent.port), 200, true)).toMatchObject({
      status: 'skip',
      detail: expect.stringContaining('no answer'),
    });
    await using broker = await startMosquitto({ users: { 'pi-1': 'right' } });
    const wrong = at(broker.port, { username: 'pi-1', password: () => ok('wrong') });
    expect(await roundTrip(wrong, 5_000, true)).toMatchObject({ status: 'fail' });
  });

  it('fails with the fix for a wrong password', async () => {
    await using broker = await startMosquitto({ users: { 'pi-1': 'right' } });
    const row = await roundTrip(at(broker.port, { username: 'pi-1', password: () => ok('wrong') }));
    expect(row).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('refused'),
      fix: expect.stringContaining('mqtt.password'),
    });
  });

  it('fails where the broker does not let it write', async () => {
    const config = (folder: string) => [`acl_file ${folder}/acl`];
    await using broker = await startMosquitto({ config, files: { acl: `topic read ${topic}\n` } });
    expect(await roundTrip(at(broker.port))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('not authorized'),
    });
  });

  it('ends at its deadline where nothing comes back, and lets go of the broker', async () => {
    const config = (folder: string) => [`acl_file ${folder}/acl`];
    await using broker = await startMosquitto({ config, files: { acl: `topic write ${topic}\n` } });
    const row = await roundTrip(at(broker.port), 1_500);
    expect(['timeout', 'fail']).toContain(row.status);
  });

  it('is found again by the link itself after each of three cuts', async () => {
    await using broker = await startMosquitto();
    const row = await runTest(reconnectTest(at(broker.port)));
    expect(row).toMatchObject({ status: 'pass', detail: expect.stringMatching(/: \d+ ms, \d+ ms, \d+ ms$/) });
  });

  it('is missed when it does not come back after a cut', async () => {
    await using broker = await startMosquitto();
    const subjects = at(broker.port);
    const row = await runTest(
      reconnectTest({
        ...subjects,
        async open(signal) {
          const opened = await subjects.open(signal);
          if (!opened.ok) return opened;
          const { value: session } = opened;
          return ok({
            broker: session.broker,
            roundTrip: (text) => session.roundTrip(text),
            async cutAndComeBack() {
              await broker.stop();
              return await session.cutAndComeBack();
            },
            [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
          });
        },
      }),
    );
    expect(row).toMatchObject({ status: 'fail', detail: expect.stringContaining('ECONNREFUSED') });
  });
});

/** Takes connections and says nothing. */
async function openSilentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
