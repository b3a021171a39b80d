import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectTimeoutMs, inboundPacketBytesMax, reconnectDelayMsMin } from '../../../agent/limits.ts';
import { startAedes } from '../../support/aedes.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { linkDependencies, on, openRecorded } from '../../support/link-rigs.ts';
import {
  connackWithReceiveMaximum2Bytes,
  disconnectBytes,
  nonsenseBytes,
  publishBytes,
  publishHeader,
  speakMqtt5,
  speakOnlyMqtt4,
  startOddBroker,
} from '../../support/odd-broker.ts';
import { freePort } from '../../support/ports.ts';

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

function open(...parameters: Parameters<typeof openRecorded>) {
  const { link, told } = openRecorded(...parameters);
  return { link: stack.use(link), told };
}

async function startOdd(onConnection: (socket: Socket) => void): Promise<number> {
  return stack.use(await startOddBroker(onConnection)).port;
}

describe('the link to a broker that is not well', () => {
  it('falls back to 3.1.1 at once, tells no trouble of it, and remembers', async () => {
    const broker = stack.use(await startAedes());
    const { link, told } = open([on(broker.port)]);
    expect(await told.ups.next()).toMatchObject({ protocolVersion: 4 });
    expect(broker.versionsAsked).toEqual([5, 4]);
    await broker.stop();
    await told.downs.next();
    await broker.start();
    await told.ups.next();
    expect(broker.versionsAsked).toEqual([5, 4, 4]);
    expect(told.troubles.all.every(({ kind }) => kind !== 'protocol')).toBe(true);
    expect(link.counters.connects).toBe(2);
  });

  it('waits for nothing when it falls back', async () => {
    const broker = stack.use(await startAedes());
    const { told } = open([on(broker.port)], {}, { ...linkDependencies, clock: createFakeClock() });
    await told.ups.next();
    expect(told.order).toEqual(['up']);
  });

  it('tells that nobody listens', async () => {
    const port = await freePort();
    const { link, told } = open([on(port)]);
    const expected = { kind: 'refused', detail: expect.stringContaining(`mqtt://127.0.0.1:${port}`) };
    expect(await told.troubles.next()).toMatchObject(expected);
    expect(await told.troubles.next()).toMatchObject(expected);
    expect(link.isUp).toBe(false);
  });

  it('tells that the name does not resolve', async () => {
    const { told } = open([on(1883, { host: 'no-such-broker.invalid' })]);
    const trouble = await told.troubles.next(() => true, 10_000);
    expect(trouble).toMatchObject({ kind: 'dns', detail: expect.stringContaining('no-such-broker.invalid') });
  });

  it('gives up on one that takes the connection and never answers', async () => {
    const clock = createFakeClock();
    let knocksCount = 0;
    const knocked = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    const port = await startOdd((socket) => {
      knocksCount += 1;
      socket.once('data', () => knocked.resolve());
      socket.once('close', () => cut.resolve());
    });
    const { told } = open([on(port)], {}, { ...linkDependencies, clock });
    await knocked.promise;
    await clock.advance(connectTimeoutMs);
    expect(told.troubles.all).toMatchObject([{ kind: 'timeout', detail: expect.stringContaining('no CONNACK') }]);
    await cut.promise;
    expect(knocksCount).toBe(1);
    await clock.advance(reconnectDelayMsMin);
    await expect.poll(() => knocksCount).toBe(2);
  });

  it('tells one that speaks something else', async () => {
    const port = await startOdd((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'));
    const { told } = open([on(port)]);
    expect(await told.troubles.next()).toMatchObject({ kind: 'protocol' });
    expect(await told.troubles.next()).toMatchObject({ kind: 'protocol' });
  });

  it('tells one that hangs up before it answered', async () => {
    const port = await startOdd((socket) => socket.end());
    const { told } = open([on(port)]);
    expect(await told.troubles.next()).toMatchObject({
      kind: 'closed',
      detail: expect.stringContaining('before it answered'),
    });
  });

  it('tries 3.1.1 at once with one that hangs up on CONNECT without a word, and MQTT 5 again the next time', async () => {
    const sockets: Socket[] = [];
    const port = await startOdd((socket) => {
      sockets.push(socket);
      speakOnlyMqtt4(socket, new Uint8Array(0));
    });
    const { link, told } = open([on(port)]);
    expect(await told.ups.next()).toMatchObject({ protocolVersion: 4 });
    expect([told.order, link.counters.attempts]).toEqual([['up'], 2]);
    sockets.at(-1)!.destroy();
    await told.downs.next();
    expect(await told.ups.next()).toMatchObject({ protocolVersion: 4 });
    expect([told.order, link.counters.attempts]).toEqual([['up', 'down', 'up'], 4]);
  });

  it('keeps to MQTT 5 with one that answered CONNECT in it, and hangs up later', async () => {
    const versions: (number | undefined)[] = [];
    const port = await startOdd((socket) => {
      socket.on('data', (chunk) => {
        if (chunk[0] === 0x10) versions.push(chunk[chunk.indexOf('MQTT') + 4]);
        if (chunk[0] === 0x10) socket.write(connackWithReceiveMaximum2Bytes);
        else socket.end();
      });
    });
    const { told } = open([on(port)]);
    for (const _ of [1, 2]) expect(await told.troubles.next()).toMatchObject({ kind: 'closed' });
    expect(versions.slice(0, 2)).toEqual([5, 5]);
  });

  it.each([
    ['3.1.1', (socket: Socket, bytes: Uint8Array) => speakOnlyMqtt4(socket, bytes)],
    ['MQTT 5', (socket: Socket, bytes: Uint8Array) => speakMqtt5(socket, [0x01], bytes)],
  ])('cuts one of %s that sends a packet over the limit, before it collects it', async (_, speak) => {
    const cut = Promise.withResolvers<void>();
    const port = await startOdd((socket) => {
      socket.once('close', () => cut.resolve());
      speak(socket, publishHeader(inboundPacketBytesMax));
    });
    const { told } = open([on(port)]);
    await told.ups.next();
    expect(await told.downs.next()).toMatchObject({
      kind: 'protocol',
      code: 'packet-too-large',
      detail: `mqtt://127.0.0.1:${port} sends a packet of ${inboundPacketBytesMax + 4} bytes, more than the ${inboundPacketBytesMax} this side takes`,
    });
    await cut.promise;
  });

  it('refuses by assertion what is more than the broker takes at a time, QoS 0 apart', async () => {
    const port = await startOdd((socket) => {
      socket.once('data', () => socket.write(connackWithReceiveMaximum2Bytes));
    });
    const { link, told } = open([on(port)], { subscriptions: [] });
    const { receiveMaximum } = await told.ups.next();
    expect(receiveMaximum).toBe(2);
    const message = { topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false } as const;
    const answers: boolean[] = [];
    for (const _ of [1, 2]) link.publish(message, ({ ok }) => answers.push(ok));
    expect(() => link.publish(message, () => {})).toThrow('the broker takes 2 at a time');
    link.publish({ ...message, qos: 0 }, ({ ok }) => answers.push(ok));
    await expect.poll(() => answers).toEqual([true]);
  });

  it('does not go round in circles with one that refuses every version', async () => {
    const port = await startOdd((socket) => {
      socket.once('data', () => socket.end(Uint8Array.of(0x20, 0x02, 0x00, 0x01)));
    });
    const { link, told } = open([on(port)]);
    expect(await told.troubles.next()).toMatchObject({ kind: 'protocol', detail: expect.stringContaining('version') });
    await told.troubles.next();
    expect(link.counters.attempts).toBe(4);
  });

  it('tells each subscription that is refused, just before it is up with the rest', async () => {
    const subscriptions = [
      { filter: 'forbidden/#', qos: 1 },
      { filter: 'in/#', qos: 1 },
    ] as const;
    const port = await startOdd((socket) => speakMqtt5(socket, [0x87, 0x01], publishBytes));
    const { told } = open([on(port)], { subscriptions });
    expect(await told.troubles.next()).toEqual({
      kind: 'subscribe',
      detail: `mqtt://127.0.0.1:${port} refused the subscription to "forbidden/#": not authorized (0x87)`,
    });
    expect(await told.messages.next()).toMatchObject({ topic: 'in/x', text: 'hi', duplicate: true, retain: false });
    expect(told.order).toEqual(['trouble', 'up']);
  });

  it('tells what the broker said before it hung up', async () => {
    const port = await startOdd((socket) => {
      speakMqtt5(socket, [0x01], disconnectBytes, () => socket.end());
    });
    const { told } = open([on(port)]);
    await told.ups.next();
    expect(await told.downs.next()).toMatchObject({
      kind: 'closed',
      detail: `mqtt://127.0.0.1:${port}: the broker hung up: session taken over (0x8e)`,
    });
  });

  it('cuts one that talks nonsense after it was up, and does not blame the messages in flight for it', async () => {
    const port = await startOdd((socket) => {
      speakMqtt5(socket, [0x01], new Uint8Array(0));
      socket.on('data', (chunk) => chunk[0] === 0x32 && socket.write(nonsenseBytes));
    });
    const { link, told } = open([on(port)]);
    await told.ups.next();
    const answers: string[] = [];
    link.publish({ topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false }, (result) => {
      answers.push(result.ok ? 'ok' : result.error.kind);
    });
    expect(await told.downs.next()).toMatchObject({ kind: 'protocol' });
    expect(answers).toEqual(['closed']);
  });

  it('delivers nothing after it told that it is down', async () => {
    const port = await startOdd((socket) => {
      speakMqtt5(socket, [0x01], Buffer.concat([publishBytes, nonsenseBytes]));
    });
    const { told } = open([on(port)]);
    await told.downs.next();
    await told.downs.next(); // and once more
    expect(told.messages.all).toEqual([]);
  });

  it('can be disposed of while it waits for CONNACK', async () => {
    const knocked = Promise.withResolvers<void>();
    const port = await startOdd((socket) => socket.once('data', () => knocked.resolve()));
    const { link, told } = open([on(port)]);
    await knocked.promise;
    await link[Symbol.asyncDispose]();
    expect(told.order).toEqual([]);
  });
});
