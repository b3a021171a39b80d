import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fieldOf, openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const lines = ['GPIO17'];

describeWithMosquitto('a broker that goes away', () => {
  it.each([
    ['in good order, for 5 s', 'stop', 5_000],
    ['as in a power cut, for a moment', 'kill', 100],
  ] as const)('%s, finds the agent back with its snapshots', async (_how, end, awayMs) => {
    await using rig = await startRig({ documents, lines });
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', status: 'successful' });
    await rig.broker[end]();
    await delay(awayMs); // How long it is away is what is tried here.
    await rig.broker.start();

    await using after = await openListener(rig.broker.port);
    const birth = await after.hear({ verb: 'health' }, 15_000);
    expect(statusOf(birth)).toBe('online');
    const state = await after.hear({ verb: 'state', document: 'gpio.relay1' });
    expect(state.message).toMatchObject({ val: true, ver: 2, ep: birth.message.ep });
    expect(rig.transitionCount('GPIO17')).toBe(1);

    await after.say('qn/1/pi-1/notify/gpio.relay1', 'OFF');
    await after.hear({ verb: 'ack', status: 'successful' });
    expect([rig.wire('GPIO17'), rig.transitionCount('GPIO17')]).toEqual(['0', 2]);
    const delta = await after.hear({ verb: 'delta', document: 'gpio.relay1' });
    expect(delta.message).toMatchObject({ base: 2, ver: 3, val: false });
  });

  it('in the middle of commands has none of them applied twice', async () => {
    await using rig = await startRig({ documents, lines });
    // Each one changes the level if it is executed once, in order; a repeated one would change it once more.
    const sent = Array.from({ length: 60 }, (_, index) =>
      rig
        .say('notify/gpio.relay1', `{"id":"${index + 1}","src":"test","val":${index % 2 === 0}}`)
        .catch(() => undefined),
    );
    await rig.hear({ verb: 'ack', status: 'successful', id: 3n });
    await rig.broker.kill();
    await rig.broker.start();
    await using after = await openListener(rig.broker.port);
    const birth = await after.hear({ verb: 'health' }, 15_000);
    await Promise.allSettled(sent);
    const executed = fieldOf(fieldOf(birth.message.val, 'messages'), 'successful');
    expect(executed).toBeGreaterThanOrEqual(2);
    expect(rig.transitionCount('GPIO17')).toBe(executed);
  });
});
