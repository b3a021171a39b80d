import { expect, it } from 'vitest';
import { openListener } from '../support/heard.ts';
import { describeWithMosquitto, mosquittoPub } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17, active: low, number: 1 }'];
const lines = ['GPIO17'];

describeWithMosquitto('a command by mosquitto_pub', () => {
  it('moves the pin, is acked step by step, and told as delta', async () => {
    await using rig = await startRig({ documents, lines });
    expect(rig.wire('GPIO17')).toBe('1'); // Off at boot, active low.
    await mosquittoPub(['-p', `${rig.broker.port}`, '-q', '1', '-t', 'qn/1/pi-1/notify/gpio.relay1', '-m', 'ON']);
    const accepted = await rig.hear({ verb: 'ack', status: 'accepted' });
    const id = accepted.message.id!;
    await rig.hear({ verb: 'ack', status: 'executing', id });
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful', id });
    expect(rig.wire('GPIO17')).toBe('0');
    const delta = await rig.hear({ verb: 'delta', document: 'gpio.relay1' });
    expect(delta.message).toMatchObject({ t: 'delta', base: 1, ver: 2, val: true, src: 'pi-1' });
    expect(delta.retain).toBe(false);
  });

  it('leaves a retained snapshot for whoever subscribes afterwards', async () => {
    await using rig = await startRig({ documents, lines });
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', status: 'successful' });
    await using late = await openListener(rig.broker.port, 'qn/1/pi-1/state/gpio.relay1');
    const { message, retain } = await late.hear({});
    expect(retain).toBe(true);
    expect(message).toMatchObject({ t: 'snapshot', val: true, ver: 2, doc: 'gpio.relay1', src: 'pi-1' });
  });

  it('that changes nothing is successful without a new version', async () => {
    await using rig = await startRig({ documents, lines });
    await rig.say('notify/gpio.relay1', 'OFF');
    await rig.hear({ verb: 'ack', status: 'successful' });
    await rig.say('query/gpio.relay1', '', { properties: { responseTopic: 'answer' } });
    const { message } = await rig.hear({ topic: 'answer' });
    expect(message).toMatchObject({ t: 'snapshot', val: false, ver: 1 });
    expect(rig.listener.all.filter(({ verb }) => verb === 'delta')).toEqual([]);
    expect(rig.transitionCount('GPIO17')).toBe(1); // The one at boot.
  });

  it('has its end told, also in a burst of more answers than the outbox holds', async () => {
    await using rig = await startRig({ documents, lines });
    const ids = Array.from({ length: 200 }, (_, index) => BigInt(index + 1));
    await Promise.all(ids.map((id) => rig.say('notify/gpio.relay1', `{"id":"${id}","val":${id % 2n === 0n}}`)));
    await rig.hear({ verb: 'ack', status: 'successful', id: ids.at(-1)! });
    const ends = rig.listener.all.filter(({ message }) => message.t === 'ack' && message.st === 'successful');
    expect(ends.map(({ message }) => message.id)).toEqual(ids);
  });
});
