import { expect, it } from 'vitest';
import { correlationBytesMax } from '../../agent/dispatch/limits.ts';
import { decodeCompact } from '../../agent/qn/compact.ts';
import { encodeMessage } from '../../agent/qn/registry.ts';
import { type Heard, openListener } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { type Rig, startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17, number: 1 }'];
const start = () => startRig({ documents, lines: ['GPIO17'], sections: 'groups: [line-1]' });
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function heardAfterFence(rig: Rig): Promise<readonly Heard[]> {
  await rig.listener.say('fence', '1');
  await rig.hear({ topic: 'fence' });
  return rig.listener.all;
}

/** On, with an id. The last byte of the flags is `ack wanted`. */
const compactOn = (flags: number) =>
  Uint8Array.of(
    ...[0x51, 0x41, flags],
    ...[0x00, 0x01], // channel
    ...[0x00, 0x00, 0x10, 0x07], // id
    ...[0x00, 0x00, 0x00, 0x00], // ts, clock not known
    ...[0x00, 0x00, 0x00, 0x01], // on
  );

describeWithMosquitto('answers go where they were asked for', () => {
  it('a query over MQTT 5 with a response topic is answered there only, with its correlation', async () => {
    await using rig = await start();
    const before = rig.listener.all.length;
    const properties = { responseTopic: 'inbox/7', correlationData: Buffer.from('abc') };
    await rig.say('query/gpio.relay1', '', { properties });
    const answer = await rig.hear({ topic: 'inbox/7' });
    expect(answer).toMatchObject({ correlation: 'abc', contentType: 'application/json', retain: false });
    expect(answer.message).toMatchObject({ t: 'snapshot', val: false, doc: 'gpio.relay1' });
    const after = (await heardAfterFence(rig)).slice(before);
    expect(after.filter(({ verb, document }) => verb === 'state' && document === 'gpio.relay1')).toEqual([]);
  });

  it('a notify over MQTT 5 is acked on its response topic in addition', async () => {
    await using rig = await start();
    const properties = { responseTopic: 'inbox/7', correlationData: Buffer.from('abc') };
    await rig.say('notify/gpio.relay1', '{"id":"9","val":true}', { properties });
    for (const status of ['accepted', 'executing', 'successful']) {
      await rig.hear({ verb: 'ack', status, id: 9n });
      expect(await rig.hear({ topic: 'inbox/7', status, id: 9n })).toMatchObject({ correlation: 'abc' });
    }
  });

  it('correlation data is carried up to its bound, and refused beyond it', async () => {
    await using rig = await start();
    const ask = (bytes: number) =>
      rig.say('query/gpio.relay1', '', {
        properties: { responseTopic: 'inbox/7', correlationData: Buffer.alloc(bytes, 'x') },
      });
    await ask(correlationBytesMax);
    expect(await rig.hear({ topic: 'inbox/7' })).toMatchObject({ correlation: 'x'.repeat(correlationBytesMax) });
    await ask(correlationBytesMax + 1);
    const refused = await rig.hear({ topic: 'inbox/7', status: 'rejected' });
    expect([refused.message.why, refused.correlation]).toEqual(['too-large', undefined]);
  });

  it('what cannot be decoded is refused on the response topic, too', async () => {
    await using rig = await start();
    const properties = { responseTopic: 'inbox/7', correlationData: Buffer.from('abc') };
    await rig.say('notify/gpio.relay1', '{"id":', { properties });
    const answer = await rig.hear({ topic: 'inbox/7', status: 'rejected' });
    expect([answer.message.why, answer.correlation]).toEqual(['malformed', 'abc']);
  });

  it('over 3.1.1 the field reply does the same', async () => {
    await using rig = await start();
    await using old = await openListener(rig.broker.port, 'inbox/#', { protocolVersion: 4 });
    await old.say('qn/1/pi-1/query/gpio.relay1', '{"t":"query","id":"3","reply":"inbox/q"}');
    expect((await old.hear({ topic: 'inbox/q' })).message).toMatchObject({ t: 'snapshot', val: false });
    await old.say('qn/1/pi-1/notify/gpio.relay1', '{"id":"4","val":"ON","reply":"inbox/n"}');
    await old.hear({ topic: 'inbox/n', status: 'successful', id: 4n });
    await rig.hear({ verb: 'ack', status: 'successful', id: 4n });
  });

  it('an answer is never a command: a reply topic that is a notify topic is not used', async () => {
    await using rig = await start();
    await rig.say('query/gpio.relay1', '{"t":"query","reply":"qn/1/pi-1/notify/gpio.relay1"}');
    await rig.hear({ verb: 'state', document: 'gpio.relay1' });
    expect((await heardAfterFence(rig)).filter(({ verb }) => verb === 'notify')).toEqual([]);
  });

  it('nor does it pass for what a node says of another document', async () => {
    await using rig = await start();
    for (const [index, verb] of ['state', 'delta', 'event', 'ack', 'health'].entries()) {
      const reply = `qn/1/${verb === 'state' ? 'pi-2' : 'pi-1'}/${verb}/gpio.other`;
      await rig.say('query/gpio.relay1', JSON.stringify({ t: 'query', id: `${index}`, reply }));
      await rig.say('notify/gpio.relay1', JSON.stringify({ id: `${index}`, val: 'ON', reply }));
    }
    await rig.hear({ verb: 'ack', status: 'successful', id: 4n });
    expect((await heardAfterFence(rig)).filter(({ topic }) => topic.endsWith('/gpio.other'))).toEqual([]);
  });

  it('nor is one that a binding of the node listens to', async () => {
    const sections = 'bindings: [{ on: factory/#, select: /val, to: gpio.relay1 }]';
    await using rig = await startRig({ documents, lines: ['GPIO17'], sections });
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', status: 'successful' });
    for (const responseTopic of ['factory/answers', 'qn/1/ops/reply/1']) {
      await rig.say('query/channels', '', { properties: { responseTopic } });
      await rig.say('notify/gpio.relay1', '{"id":"7","val":true}', { properties: { responseTopic } });
    }
    await rig.hear({ topic: 'qn/1/ops/reply/1', status: 'duplicate' });
    expect((await heardAfterFence(rig)).filter(({ topic }) => topic.startsWith('factory/'))).toEqual([]);
  });

  it('the trace of a command is carried on', async () => {
    await using rig = await start();
    await rig.say('notify/gpio.relay1', 'ON', { properties: { userProperties: { traceparent } } });
    expect((await rig.hear({ verb: 'ack', status: 'successful' })).message.tr).toBe(traceparent);
  });
});

describeWithMosquitto('answers are in the encoding of the question', () => {
  it('CBOR in, CBOR out', async () => {
    await using rig = await start();
    const encoded = encodeMessage({ t: 'notify', id: 77n, val: true }, 'cbor');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    await rig.say('notify/gpio.relay1', encoded.value.bytes);
    const ack = await rig.hear({ verb: 'ack', status: 'successful', id: 77n });
    expect([ack.contentType, (ack.bytes[0] ?? 0) >> 5]).toEqual(['application/cbor', 5]); // A map.
  });

  it('but for what the broker retains: others read that, too', async () => {
    await using rig = await start();
    const encoded = encodeMessage({ t: 'query', id: 78n, mode: 'watch', max: 100 }, 'cbor');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    await rig.say('query/gpio.relay1', encoded.value.bytes, { properties: { correlationData: Buffer.from('abc') } });
    const isTold = ({ verb, document }: Heard) => verb === 'state' && document === 'gpio.relay1';
    const answer = await rig.hear({ test: (heard) => isTold(heard) && heard.message.id === 78n });
    const again = await rig.hear({ test: (heard) => isTold(heard) && heard.message.ts! > answer.message.ts! });
    expect(answer).toMatchObject({ contentType: 'application/json', correlation: undefined });
    expect(again).toMatchObject({ contentType: 'application/json', correlation: undefined });
  });

  it('a compact command with the ack bit is answered in 17 bytes, and without it only where it is refused', async () => {
    await using rig = await start();
    await rig.say('notify/gpio.relay1', compactOn(0b10100)); // Clock `boot`, ack wanted.
    const ack = await rig.hear({ verb: 'ack', status: 'successful' });
    expect(ack.bytes).toHaveLength(17);
    const fields = decodeCompact(ack.bytes);
    expect(fields.ok && fields.value).toMatchObject({ kind: 'ack', id: 0x1007, channel: 1, value: 2 * 2 ** 16 });
    const before = rig.listener.all.length;
    const quiet = compactOn(0b10000);
    quiet[8] = 0x08; // Another id.
    await rig.say('notify/gpio.relay1', quiet);
    expect((await heardAfterFence(rig)).slice(before).filter(({ verb }) => verb === 'ack')).toEqual([]);
    quiet.set([0x07, 0x01], 3); // Another channel.
    quiet[8] = 0x09;
    await rig.say('notify/gpio.relay1', quiet);
    const refused = decodeCompact((await rig.hear({ verb: 'ack', status: 'rejected' })).bytes);
    expect(refused.ok && refused.value).toMatchObject({ kind: 'ack', value: 4 * 2 ** 16 + 3 });
  });

  it('a compact duplicate is told, in 17 bytes', async () => {
    await using rig = await start();
    await rig.say('notify/gpio.relay1', compactOn(0b10100));
    await rig.hear({ verb: 'ack', status: 'successful' });
    await rig.say('notify/gpio.relay1', compactOn(0b10100));
    const ack = await rig.hear({ verb: 'ack', status: 'duplicate' });
    expect(ack.bytes).toHaveLength(17);
  });
});

describeWithMosquitto('groups', () => {
  it.each(['@all', '@line-1'])('%s reaches the node, which answers for itself', async (group) => {
    await using rig = await start();
    await rig.listener.say(`qn/1/${group}/notify/gpio.relay1`, 'ON');
    const ack = await rig.hear({ verb: 'ack', status: 'successful' });
    expect([ack.target, rig.wire('GPIO17')]).toEqual(['pi-1', '1']);
    await rig.listener.say(`qn/1/${group}/query/gpio.relay1`, '', { properties: { responseTopic: 'inbox' } });
    expect((await rig.hear({ topic: 'inbox' })).message).toMatchObject({ val: true, src: 'pi-1' });
  });

  it('of others are none of its business', async () => {
    await using rig = await start();
    await rig.listener.say('qn/1/@line-2/notify/gpio.relay1', 'ON');
    expect((await heardAfterFence(rig)).filter(({ verb }) => verb === 'ack')).toEqual([]);
    expect(rig.wire('GPIO17')).toBe('0');
  });
});
