import { afterEach, beforeEach, expect, it } from 'vitest';
import { unsaidMs } from '../../../agent/mqtt/limits.ts';
import { muteFix } from '../../../agent/mqtt/link-error.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { linkDependencies, on, openRecorded } from '../../support/link-rigs.ts';
import { describeWithMosquitto, type MosquittoOptions, startMosquitto } from '../../support/mosquitto.ts';
import { speakMqtt5, startOddBroker } from '../../support/odd-broker.ts';

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

describeWithMosquitto('what a broker does not take', () => {
  const acl = 'topic read #\ntopic write in/#\n';
  const rows: readonly [string, MosquittoOptions, string, string][] = [
    ['its size', { config: () => ['max_packet_size 1000'] }, 'takes packets of 1000 bytes', 'max_packet_size'],
    [
      'its topic',
      { config: (folder) => [`acl_file ${folder}/acl`], files: { acl } },
      'refused "out": not authorized (0x87)',
      muteFix,
    ],
  ];

  it.each(rows)(
    'of a message for %s is told for a while, and not on another connection',
    async (_, options, detail, fix) => {
      const broker = stack.use(await startMosquitto(options));
      const clock = createFakeClock();
      const { link, told } = openRecorded([on(broker.port)], {}, { ...linkDependencies, clock });
      stack.use(link);
      const refuse = async () => {
        await told.ups.next();
        const answer = Promise.withResolvers<boolean>();
        const message = { topic: 'out', payload: Buffer.alloc(2_000), qos: 1, retain: false } as const;
        link.publish(message, ({ ok }) => answer.resolve(ok));
        expect(await answer.promise).toBe(false);
      };
      const unsaid = () => link.brokers()[0]?.unsaid;
      await refuse();
      const expected = { detail: expect.stringContaining(detail), fix: expect.stringContaining(fix) };
      expect(unsaid()).toMatchObject(expected);
      await clock.advance(unsaidMs - 1);
      expect(unsaid()).toMatchObject(expected);
      await clock.advance(1);
      expect(unsaid()).toBeUndefined();
      await broker.kill();
      await told.downs.next();
      await broker.start();
      await clock.advance(60_000);
      await refuse();
      expect(unsaid()).toMatchObject(expected);
      await broker.kill();
      await told.downs.next();
      expect(unsaid()).toBeUndefined();
    },
  );

  it('of an answer is told to whoever sends it, and not of this node', async () => {
    const broker = stack.use(await startMosquitto({ config: () => ['max_packet_size 1000'] }));
    const { link, told } = openRecorded([on(broker.port)]);
    stack.use(link);
    await told.ups.next();
    const refusal = (isAnswer: boolean) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      link.publish({ topic: 'out', payload: Buffer.alloc(2_000), qos: 1, retain: false, isAnswer }, resolve);
      return promise;
    };
    expect(await refusal(true)).toMatchObject({ ok: false, error: { code: 'packet-too-large' } });
    expect(link.brokers()[0]?.unsaid).toBeUndefined();
    await refusal(false);
    expect(link.brokers()[0]?.unsaid).toMatchObject({ code: 'packet-too-large' });
  });

  it.each([
    ['retain_available false', 'no-retaining', 'retain_available'],
    ['max_qos 0', 'no-qos-1', 'max_qos'],
  ])('a broker with %s, which takes no last will, is told with the way out', async (line, code, fix) => {
    const broker = stack.use(await startMosquitto({ config: () => [line] }));
    const will = { topic: 'status', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
    const { link, told } = openRecorded([on(broker.port)], { will });
    stack.use(link);
    expect(await told.troubles.next()).toMatchObject({ code, fix: expect.stringContaining(fix) });
  });
});

it('the answer of mosquitto over its message_size_limit, which no client understands, is told as what it is', async () => {
  const tooLargeBytes = (packet: Buffer) => Uint8Array.of(0x40, 0x03, ...packet.subarray(7, 9), 0x95);
  const broker = await startOddBroker((socket) => {
    speakMqtt5(socket, [0x01], new Uint8Array(0));
    socket.on('data', (chunk) => chunk[0] === 0x32 && socket.write(tooLargeBytes(chunk)));
  });
  stack.use(broker);
  const { link, told } = openRecorded([on(broker.port)]);
  stack.use(link);
  await told.ups.next();
  link.publish({ topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false }, () => {});
  const fix = expect.stringContaining('message_size_limit');
  expect(await told.downs.next()).toMatchObject({ code: 'packet-too-large', fix });
});
