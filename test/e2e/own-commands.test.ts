import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig, startRig } from '../support/rig.ts';

describeWithMosquitto('a command for what the agent keeps itself', () => {
  it.each([
    ['log', 'debug'],
    ['selftest', 'quick'],
    ['config', { rollback: true }],
  ])('is not carried out when its time to live is over: %s', async (document, val) => {
    await using rig = await startRig({ documents: [], sections: 'config: { trust: none }' });
    await rig.say(`notify/${document}`, JSON.stringify({ id: '7', val, ts: Date.now() - 5_000, ttl: 1_000 }));
    const { message } = await rig.hear({ verb: 'ack', document, id: 7n });
    expect([message.t === 'ack' && message.st, message.why]).toEqual(['expired', 'expired']);
  });

  it('is a duplicate of itself, a config too, when its time to live is over', async () => {
    await using rig = await startRig({ documents: [], sections: 'config: { trust: none }' });
    const val = await readFile(rig.configFile, 'utf8');
    const push = JSON.stringify({ id: '7', val, ts: Date.now(), ttl: 2_000 });
    await rig.say('notify/config', push);
    await rig.hear({ verb: 'ack', document: 'config', id: 7n, status: 'successful' });
    await setTimeout(2_100);
    await rig.say('notify/config', push);
    await rig.hear({ verb: 'ack', document: 'config', id: 7n, status: 'duplicate' });
  });

  it('is refused for the log where a broker kept it', async () => {
    await using rig = await openRig({ documents: [] });
    await rig.say('notify/log', '{"id":"7","val":"debug"}', { retain: true });
    await rig.start();
    expect((await rig.hear({ verb: 'ack', document: 'log', id: 7n, status: 'rejected' })).message.why).toBe('retained');
  });
});
