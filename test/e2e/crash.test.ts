import { expect, it } from 'vitest';
import { fieldOf, openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.held: { driver: gpio-out, line: GPIO22, retained: accept }',
];
const lines = ['GPIO17', 'GPIO22'];

describeWithMosquitto('after kill -9', () => {
  it('the broker says offline, retained, with the boot id of the one that died', async () => {
    await using rig = await startRig({ documents, lines });
    const birth = rig.listener.all.find(({ verb }) => verb === 'health')!;
    await rig.agent.end('SIGKILL');
    const will = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    expect(fieldOf(will.message.val, 'boot')).toBe(fieldOf(birth.message.val, 'boot'));
    await using late = await openListener(rig.broker.port, 'qn/1/pi-1/health/agent');
    const retained = await late.hear({});
    expect([retained.retain, statusOf(retained)]).toEqual([true, 'offline']);
  });

  it('a restart is a new birth with snapshots, and a retained command moves no pin', async () => {
    await using rig = await startRig({ documents, lines });
    const before = rig.listener.all.find(({ verb }) => verb === 'health')!;
    await rig.agent.end('SIGKILL');
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    await rig.say('notify/gpio.relay1', 'ON', { retain: true });
    const heardCount = rig.listener.all.length;

    const birth = await rig.start();
    expect(statusOf(birth)).toBe('online');
    expect(fieldOf(birth.message.val, 'boot')).not.toBe(fieldOf(before.message.val, 'boot'));
    const refusal = await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'rejected' });
    expect(refusal.message.why).toBe('retained');
    const isNew = ({ message }: { message: { ep?: bigint } }) => message.ep === birth.message.ep;
    const snapshot = await rig.hear({ verb: 'state', document: 'gpio.relay1', test: isNew });
    expect(snapshot.message).toMatchObject({ val: false, ver: 1 });
    expect(rig.wire('GPIO17')).toBe('0');
    expect(rig.transitionCount('GPIO17')).toBe(0);
    // QN-5.3: health before any snapshot.
    const verbs = rig.listener.all.slice(heardCount).map(({ verb }) => verb);
    expect(verbs.indexOf('health')).toBeLessThan(verbs.indexOf('state'));
  });

  it('a document that accepts retained commands takes up its command again', async () => {
    await using rig = await startRig({ documents, lines });
    await rig.say('notify/gpio.held', 'ON', { retain: true });
    await rig.hear({ verb: 'ack', document: 'gpio.held', status: 'successful' });
    await rig.agent.end('SIGKILL');
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    await rig.start();
    await rig.hear({ verb: 'ack', document: 'gpio.held', status: 'successful' });
    expect(rig.wire('GPIO22')).toBe('1');
  });
});
