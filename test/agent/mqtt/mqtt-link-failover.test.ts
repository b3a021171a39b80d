import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  brokerProbeMs,
  brokerProbeTimeoutMs,
  brokerStableMs,
  failoverSpreadMs,
  keepaliveSeconds,
} from '../../../agent/limits.ts';
import { startAedes } from '../../support/aedes.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { linkDependencies, on, openRecorded } from '../../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { clientIdRefusedBytes, speakMqtt5, startOddBroker } from '../../support/odd-broker.ts';
import { freePort } from '../../support/ports.ts';
import { openWeatherProxy } from '../../support/weather-proxy.ts';

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

function open(clock: FakeClock, ...[brokers, more, dependencies]: Parameters<typeof openRecorded>) {
  const { link, told } = openRecorded(brokers, more, { ...linkDependencies, clock, ...dependencies });
  return { link: stack.use(link), told };
}

/** Lets time pass in steps that are short against every deadline, and real sockets answer in between. */
async function pass(clock: FakeClock, ms: number, until: () => boolean = () => false): Promise<void> {
  const stepMs = 200;
  for (let passedMs = 0; passedMs < ms && !until(); passedMs += stepMs) {
    await clock.advance(Math.min(stepMs, ms - passedMs));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The way back on a busy machine: an answer that came late on our clock makes the stable time begin anew. */
const wayBackMsMax = 4 * brokerStableMs;

/** Mosquitto with weight 100 behind a wire, and aedes, which knows only 3.1.1, with weight 10 behind another. */
async function setUp() {
  const clock = createFakeClock();
  const heavy = stack.use(await startMosquitto());
  const light = stack.use(await startAedes());
  const heavyWire = stack.use(await openWeatherProxy(heavy.port));
  const lightWire = stack.use(await openWeatherProxy(light.port));
  const brokers = [on(heavyWire.port, { weight: 100 }), on(lightWire.port, { weight: 10 })];
  const { link, told } = open(clock, brokers);
  const urls = { heavy: `mqtt://127.0.0.1:${heavyWire.port}`, light: `mqtt://127.0.0.1:${lightWire.port}` };
  expect((await told.ups.next()).broker).toBe(urls.heavy);
  return { clock, heavy, light, heavyWire, lightWire, link, told, urls };
}

describeWithMosquitto('a link with several brokers', () => {
  it('goes to the next broker at once when the connection breaks, before any timer runs', async () => {
    const { heavy, told, urls } = await setUp();
    await heavy.kill();
    expect(await told.downs.next()).toMatchObject({ kind: 'closed' });
    expect(await told.ups.next()).toMatchObject({ broker: urls.light, protocolVersion: 4 });
    expect(told.order).toEqual(['up', 'down', 'up']);
  });

  it('takes its own moment for it within the spread', async () => {
    const clock = createFakeClock();
    const heavy = stack.use(await startMosquitto());
    const light = stack.use(await startAedes());
    const brokers = [on(heavy.port, { weight: 9 }), on(light.port)];
    const { told } = open(clock, brokers, {}, { ...linkDependencies, clock, random: () => 0.5 });
    await told.ups.next();
    await heavy.kill();
    await told.downs.next();
    await clock.advance(failoverSpreadMs / 2 - 1);
    expect(light.versionsAsked).toEqual([]);
    await clock.advance(1);
    await told.ups.next();
  });

  it('probes the others while it is up, in the version they speak, under another client id', async () => {
    const { clock, heavy, light, link, told, urls } = await setUp();
    await pass(clock, 2 * brokerProbeMs);
    expect(light.versionsAsked).toEqual([5, 4]);
    expect(link.brokers()).toMatchObject([
      { url: urls.heavy, state: 'in-use', reconnects: 0 },
      { url: urls.light, state: 'usable', reconnects: 0 },
    ]);
    await pass(clock, 4 * brokerProbeMs);
    expect(light.versionsAsked).toEqual([5, 4]); // one session, asked by PINGREQ
    await heavy.kill();
    await told.ups.next();
    expect(light.versionsAsked).toEqual([5, 4, 4]);
    expect(light.clientIds).toEqual(['board-probe', 'board-probe', 'board']);
  });

  it('leaves a connection that is open on this side only, long before the keepalive would', async () => {
    for (const silent of ['toClient', 'toServer'] as const) {
      const { clock, heavyWire, told, urls } = await setUp();
      heavyWire.setWeather({ [silent]: { isSilent: true } });
      const boundMs = 3 * (brokerProbeMs + brokerProbeTimeoutMs);
      expect(boundMs).toBeLessThan(1.5 * keepaliveSeconds * 1_000);
      await pass(clock, boundMs);
      expect(await told.downs.next()).toMatchObject({ kind: 'timeout', code: 'half-open' });
      expect(await told.ups.next()).toMatchObject({ broker: urls.light });
    }
  });

  it('stays with a broker that answers later than the deadline, but answers', async () => {
    const { clock, heavyWire, told, link } = await setUp();
    heavyWire.block();
    await pass(clock, 2 * (brokerProbeMs + brokerProbeTimeoutMs));
    expect(link.brokers()[0]!.score).toBeLessThan(0.6);
    heavyWire.pass();
    await pass(clock, 2 * brokerProbeMs);
    expect(told.order).toEqual(['up']);
  });

  it('goes back when the better broker was well for the stable time, and leaves its last will behind', async () => {
    const { clock, heavy, light, told, link, urls } = await setUp();
    await heavy.kill();
    await told.ups.next();
    await pass(clock, 3 * brokerProbeMs);
    expect(link.brokers()[0]).toMatchObject({ state: 'unusable', lastError: { kind: 'closed' } });
    await heavy.start();
    const watcher = stack.use(await light.collect('status'));
    await pass(clock, brokerStableMs - 2 * brokerProbeMs);
    expect(told.order).toEqual(['up', 'down', 'up']);
    await pass(clock, wayBackMsMax, () => told.downs.all.length > 1);
    expect(await told.downs.next((error) => error.detail.includes('better'))).toMatchObject({ kind: 'closed' });
    expect((await told.ups.next()).broker).toBe(urls.heavy);
    expect((await watcher.next()).text).toBe('gone');
    expect(link.brokers().map(({ state }) => state)).toEqual(['in-use', 'usable']);
    expect(link.brokers()[0]!.reconnects).toBe(1);
  });

  it('leaves a broker of MQTT 5 with its last will, too', async () => {
    const clock = createFakeClock();
    const light = stack.use(await startMosquitto());
    const heavyPort = await freePort();
    const { told } = open(clock, [on(heavyPort, { weight: 9 }), on(light.port)]);
    await told.ups.next();
    const watcher = stack.use(await light.collect('status'));
    stack.use(await startMosquitto({ port: heavyPort }));
    await pass(clock, wayBackMsMax, () => told.downs.all.length > 0);
    expect((await watcher.next()).text).toBe('gone');
    expect((await told.ups.next()).broker).toContain(`:${heavyPort}`);
  });

  it('is not lured back by a broker that comes and goes', async () => {
    const { clock, heavy, told } = await setUp();
    await heavy.kill();
    await told.ups.next();
    for (const _ of ['once', 'again']) {
      await heavy.start();
      await pass(clock, brokerStableMs / 2);
      await heavy.kill();
      await pass(clock, 2 * brokerProbeMs);
    }
    expect(told.order).toEqual(['up', 'down', 'up']);
  });

  it('waits with growing delays when all of them are dead, and takes the first that comes back', async () => {
    const { clock, heavy, light, link, told, urls } = await setUp();
    await light.stop();
    await heavy.kill();
    await told.troubles.next();
    const { attempts } = link.counters;
    await pass(clock, 20_000);
    expect(link.counters.attempts).toBeGreaterThan(attempts);
    await light.start();
    await pass(clock, 60_000, () => link.isUp);
    expect((await told.ups.next()).broker).toBe(urls.light);
  });

  it('asks nobody how he is when there is only one broker', async () => {
    const clock = createFakeClock();
    const broker = stack.use(await startMosquitto());
    const proxy = stack.use(await openWeatherProxy(broker.port));
    const { told } = open(clock, [on(proxy.port)]);
    await told.ups.next();
    expect(clock.timersCount).toBe(0);
    await pass(clock, 4 * brokerProbeMs);
    expect(proxy.connectsCount).toBe(1);
  });

  it('leaves no timer and no probe behind when it is disposed of', async () => {
    const { clock, heavyWire, lightWire, link } = await setUp();
    await pass(clock, 2 * brokerProbeMs);
    await link[Symbol.asyncDispose]();
    await expect.poll(() => [clock.timersCount, heavyWire.openCount, lightWire.openCount]).toEqual([0, 0, 0]);
  });

  it('goes back to a broker that lets in no other client id, so that no probe says more than that it is there', async () => {
    const clock = createFakeClock();
    const sockets = new Set<Socket>();
    const odd = stack.use(
      await startOddBroker((socket) => {
        sockets.add(socket);
        socket.once('data', (chunk) => {
          if (chunk.includes('board-probe')) socket.end(clientIdRefusedBytes);
          else speakMqtt5(socket, [0x01], new Uint8Array(0), undefined, chunk);
        });
      }),
    );
    const light = stack.use(await startAedes());
    const { told, link } = open(clock, [on(odd.port, { weight: 9 }), on(light.port)]);
    await told.ups.next();
    for (const socket of sockets) socket.destroy();
    expect((await told.ups.next()).broker).toContain(`:${light.port}`);
    await pass(clock, brokerStableMs / 2);
    expect(link.brokers()[0]).toMatchObject({ state: 'usable' });
    await pass(clock, wayBackMsMax, () => told.downs.all.length > 1);
    expect((await told.ups.next()).broker).toContain(`:${odd.port}`);
  });
});
