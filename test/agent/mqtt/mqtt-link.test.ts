import { afterEach, beforeEach, expect, it } from 'vitest';
import { shutdownMsMax, topicBytesMax } from '../../../agent/limits.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { linkDependencies, on, openRecorded } from '../../support/link-rigs.ts';
import { describeWithMosquitto, mosquittoPub, startMosquitto } from '../../support/mosquitto.ts';
import { freePort } from '../../support/ports.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

function open(...parameters: Parameters<typeof openRecorded>) {
  const { link, told } = openRecorded(...parameters);
  return { link: stack.use(link), told };
}

describeWithMosquitto('the link to mosquitto', () => {
  it('tells a wrong password as auth, goes on trying, and comes up when it is right', async () => {
    const broker = stack.use(await startMosquitto({ users: { board: 'right' } }));
    for (const protocolVersion of [4, 5] as const) {
      let password = 'wrong';
      const secret = { username: 'board', password: () => ok(password) };
      const { link, told } = open([on(broker.port, { protocolVersion })], secret);
      const trouble = await told.troubles.next();
      expect(trouble).toMatchObject({ kind: 'auth', detail: expect.stringContaining(broker.url) });
      expect(JSON.stringify(trouble)).not.toContain('wrong');
      await told.troubles.next();
      password = 'right';
      await told.ups.next();
      await link[Symbol.asyncDispose]();
    }
  });

  it('tells a password that cannot be read as auth, without knocking', async () => {
    const proxy = stack.use(await openTcpProxy(1));
    const { told } = open([on(proxy.port)], { password: () => fail({ detail: 'no such file: /etc/secret' }) });
    const trouble = await told.troubles.next();
    expect(trouble).toMatchObject({ kind: 'auth', detail: expect.stringContaining('no such file: /etc/secret') });
    await told.troubles.next();
    expect(proxy.connectsCount).toBe(0);
  });

  it('tells a filter that is none, and asks for the others', async () => {
    const broker = stack.use(await startMosquitto());
    const subscriptions = [
      { filter: 'a/#/b', qos: 1 },
      { filter: 'in/#', qos: 1 },
    ] as const;
    const { told } = open([on(broker.port)], { subscriptions });
    expect(await told.troubles.next()).toMatchObject({ kind: 'subscribe', detail: expect.stringContaining('"a/#/b"') });
    await told.ups.next();
    await broker.publish('in/x', 'heard');
    expect((await told.messages.next()).text).toBe('heard');
  });

  it('survives kill -9 of the broker', async () => {
    const broker = stack.use(await startMosquitto());
    const { told } = open([on(broker.port)]);
    await told.ups.next();
    await broker.kill();
    expect(await told.downs.next()).toMatchObject({ kind: 'closed' });
    expect(await told.troubles.next()).toMatchObject({ kind: 'refused' });
    await broker.start();
    await told.ups.next();
    await broker.publish('in/again', 'again');
    expect((await told.messages.next()).text).toBe('again');
  });

  it('hears what the ordinary command line tools say', async () => {
    const broker = stack.use(await startMosquitto());
    const { told } = open([on(broker.port)]);
    await told.ups.next();
    await mosquittoPub(['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'in/x', '-m', 'ON', '-q', '1']);
    expect(await told.messages.next()).toMatchObject({ topic: 'in/x', text: 'ON', qos: 1, retain: false });
  });

  it('carries the properties of MQTT 5 both ways', async () => {
    const broker = stack.use(await startMosquitto());
    const { link, told } = open([on(broker.port)]);
    await told.ups.next();
    const properties = {
      contentType: 'application/cbor',
      responseTopic: 'answers/here',
      correlationData: Uint8Array.of(0, 1, 255),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    link.publish({ topic: 'in/x', payload: Buffer.from('x'), qos: 1, retain: false, properties }, () => {});
    const message = await told.messages.next();
    expect(message.properties).toEqual({ ...properties, correlationData: Buffer.from([0, 1, 255]) });
  });

  it('leaves out a traceparent that came twice', async () => {
    const broker = stack.use(await startMosquitto());
    const { told } = open([on(broker.port)]);
    await told.ups.next();
    const userProperties = { traceparent: ['one', 'two'], other: 'x' };
    await broker.publish('in/x', 'x', { properties: { userProperties }, client: { protocolVersion: 5 } });
    expect((await told.messages.next()).properties).toEqual({});
  });

  it('leaves out texts that are longer than any that says something', async () => {
    const broker = stack.use(await startMosquitto());
    const { told } = open([on(broker.port)]);
    await told.ups.next();
    const [longest, over] = [topicBytesMax, topicBytesMax + 1].map((length) => 'x'.repeat(length));
    const kept = { contentType: longest!, responseTopic: longest!, userProperties: { traceparent: longest! } };
    const left = { contentType: over!, responseTopic: over!, userProperties: { traceparent: over! } };
    for (const properties of [kept, left]) {
      await broker.publish('in/x', 'x', { properties, client: { protocolVersion: 5 } });
    }
    const { contentType, responseTopic } = kept;
    expect((await told.messages.next()).properties).toEqual({ contentType, responseTopic, traceparent: longest });
    expect((await told.messages.next()).properties).toEqual({});
  });

  it('refuses a message that is larger than the broker takes, and stays up', async () => {
    const broker = stack.use(await startMosquitto({ config: () => ['max_packet_size 1000'] }));
    const { link, told } = open([on(broker.port)]);
    expect(await told.ups.next()).toMatchObject({ packetBytesMax: 1_000 });
    const results: string[] = [];
    for (const bytes of [1_000, 900]) {
      const payload = Buffer.alloc(bytes);
      await new Promise<void>((resolve) =>
        link.publish({ topic: 'x', payload, qos: 1, retain: false }, (result) => {
          results.push(result.ok ? 'ok' : `${result.error.kind}: ${result.error.detail}`);
          resolve();
        }),
      );
    }
    expect(results).toEqual([expect.stringMatching(/^protocol: .*1000 bytes/), 'ok']);
    expect(link.isUp).toBe(true);
  });

  it('finds a broker that went away without a word within one and a half keepalives', async () => {
    const broker = stack.use(await startMosquitto());
    const proxy = stack.use(await openTcpProxy(broker.port));
    const { told } = open([on(proxy.port)], { keepaliveSeconds: 1 });
    await told.ups.next();
    const sinceMs = performance.now();
    proxy.block();
    expect(await told.downs.next(() => true, 4_000)).toMatchObject({ detail: expect.stringContaining('keepalive') });
    expect(performance.now() - sinceMs).toBeLessThan(2_500);
  });

  it('goes to the next broker when the heaviest is away', async () => {
    const broker = stack.use(await startMosquitto());
    const { told } = open([on(broker.port, { weight: 1 }), on(await freePort(), { weight: 9 })]);
    expect(await told.troubles.next()).toMatchObject({ kind: 'refused' });
    expect((await told.ups.next()).broker).toBe(broker.url);
  });

  it('says goodbye at once when it is disposed of, also when the broker owes acknowledgements', async () => {
    const broker = stack.use(await startMosquitto());
    const proxy = stack.use(await openTcpProxy(broker.port));
    const clock = createFakeClock(); // its deadline never comes
    const watcher = stack.use(await broker.collect('#'));
    const { link, told } = open([on(proxy.port)], {}, { ...linkDependencies, clock });
    await told.ups.next();
    proxy.block();
    link.publish({ topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false }, () => {});
    await link[Symbol.asyncDispose]();
    expect(clock.timersCount).toBe(0);
    await broker.publish('marker', '');
    await watcher.next(({ topic }) => topic === 'marker');
    expect(watcher.all.map(({ topic }) => topic)).toEqual(['out', 'marker']);
  });

  it('cuts the socket when the broker does not let it go', async () => {
    const broker = stack.use(await startMosquitto());
    const proxy = stack.use(await openTcpProxy(broker.port));
    const clock = createFakeClock();
    const { link, told } = open([on(proxy.port)], {}, { ...linkDependencies, clock });
    await told.ups.next();
    proxy.hold();
    const disposed = link[Symbol.asyncDispose]();
    await clock.advance(shutdownMsMax);
    await disposed;
    expect(clock.timersCount).toBe(0);
  });

  it('never has two connections at a time, however often it breaks', async () => {
    const broker = stack.use(await startMosquitto());
    const proxy = stack.use(await openTcpProxy(broker.port));
    const { link, told } = open([on(proxy.port)]);
    for (let count = 0; count < 5; count += 1) {
      await told.ups.next();
      proxy.cut();
      await told.downs.next();
    }
    await told.ups.next();
    expect([proxy.openCountMax, proxy.connectsCount]).toEqual([1, link.counters.attempts]);
  });

  it('leaves no timer and no socket behind', async () => {
    const broker = stack.use(await startMosquitto());
    const kinds = ['Timeout', 'TCPSocketWrap', 'TCPConnectWrap', 'GetAddrInfoReqWrap'];
    const held = () =>
      process
        .getActiveResourcesInfo()
        .filter((kind) => kinds.includes(kind))
        .toSorted();
    const before = held();
    const { link, told } = open([on(broker.port)]);
    await told.ups.next();
    expect(held()).not.toEqual(before);
    await link[Symbol.asyncDispose]();
    await expect.poll(held).toEqual(before);
  });
});
