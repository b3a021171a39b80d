import { expect, it } from 'vitest';
import { watchEdges } from '../prove/edges.ts';
import { fieldOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const documents = ['gpio.pump: { driver: gpio-out, line: PUMP, resume: on }'];
const command = (id: string, onFor: string) =>
  JSON.stringify({ t: 'notify', id, src: 'test', val: { 'on-for': onFor } });

describeWithMosquitto('a command whose effect kills the agent each time', () => {
  it('is done three times at most, and then given up for good', async () => {
    await using rig = await startRig({ documents, lines: ['PUMP'] });
    const edges = watchEdges(rig.board, 'PUMP', 'rising');
    await rig.say('notify/gpio.pump', command('77', '30s'), { qos: 2 });
    let effectsCount = 0;
    for (let life = 1; life <= 3; life += 1) {
      // The motor is switched on and the supply breaks down: nobody is there to send the command again.
      await until(() => (effectsCount += edges.take()) === life, `the effect in life ${life}`);
      await rig.agent.end('SIGKILL');
      await rig.start();
    }
    const end = await rig.hear({ verb: 'ack', document: 'gpio.pump', status: 'failed' });
    expect(end.message).toMatchObject({ id: 77n, why: 'interrupted', val: { begun: true } });
    expect(end.message).toHaveProperty('detail', expect.stringContaining('it is given up'));
    expect(edges.take()).toBe(0);

    await rig.say('notify/gpio.pump', command('77', '30s'));
    const again = await rig.hear({ verb: 'ack', document: 'gpio.pump', status: 'duplicate' });
    expect(fieldOf(again.message.val, 'status')).toBe('failed');
    await rig.say('notify/gpio.pump', command('78', '20ms'));
    await rig.hear({ verb: 'ack', document: 'gpio.pump', status: 'successful' });
    expect(edges.take()).toBe(1); // That of 78.
    await rig.agent.end('SIGKILL');
    const heardCount = rig.listener.all.length;
    await rig.start(); // Nor is it told or done once more in a later life.
    await rig.say('notify/gpio.pump', command('79', '20ms'));
    await rig.hear({ verb: 'ack', document: 'gpio.pump', status: 'successful', id: 79n });
    expect(edges.take()).toBe(1);
    const later = rig.listener.all.slice(heardCount).filter(({ verb }) => verb === 'ack');
    expect(later.filter(({ message }) => message.id === 77n)).toEqual([]);
  });
});
