import { expect, it } from 'vitest';
import { fieldOf, openListener, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17, safe: { exit: off } }',
  'gpio.inverse: { driver: gpio-out, line: GPIO18, active: low, safe: { boot: on, exit: off } }',
  'gpio.held: { driver: gpio-out, line: GPIO22, safe: { exit: hold } }',
];
const lines = ['GPIO17', 'GPIO18', 'GPIO22'];

describeWithMosquitto('SIGTERM', () => {
  it('brings outputs to their exit level, holds what is to be held, and says goodbye', async () => {
    await using rig = await startRig({ documents, lines });
    for (const name of ['relay1', 'held']) {
      await rig.say(`notify/gpio.${name}`, 'ON');
      await rig.hear({ verb: 'ack', document: `gpio.${name}`, status: 'successful' });
    }
    expect(lines.map(rig.wire)).toEqual(['1', '0', '1']);
    const boot = fieldOf(rig.listener.all.find(({ verb }) => verb === 'health')!.message.val, 'boot');

    expect(await rig.agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(rig.agent.err).toBe('');
    expect(lines.map(rig.wire)).toEqual(['0', '1', '1']);
    await rig.hear({ verb: 'state', document: 'gpio.relay1', test: ({ message }) => message.ver === 3 });
    const goodbye = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    expect(fieldOf(goodbye.message.val, 'boot')).toBe(boot);
  });

  it('tells offline once, retained: the last will stays with the broker', async () => {
    await using rig = await startRig({ documents, lines });
    await rig.agent.end('SIGTERM');
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    // The round trip through the broker: a last will would have come before it.
    await rig.listener.say('fence', '1');
    await rig.hear({ topic: 'fence' });
    expect(rig.listener.all.filter((heard) => statusOf(heard) === 'offline')).toHaveLength(1);
    await using late = await openListener(rig.broker.port, 'qn/1/pi-1/health/agent');
    const retained = await late.hear({});
    expect([retained.retain, statusOf(retained)]).toEqual([true, 'offline']);
  });

  it('ends the agent in good time without a broker, too', async () => {
    await using rig = await startRig({ documents, lines });
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', status: 'successful' });
    await rig.broker.kill();
    expect(await rig.agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(rig.wire('GPIO17')).toBe('0');
  });
});
