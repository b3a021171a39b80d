import { expect, it } from 'vitest';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const documents = [
  'gpio.held: { driver: gpio-out, line: GPIO17, retained: accept }',
  'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency, retained: accept }',
];

describeWithMosquitto('a retained command that is taken back', () => {
  it('is no command: nothing moves, and no ack says that something failed', async () => {
    await using rig = await startRig({
      documents,
      lines: ['GPIO17', 'GPIO22'],
      sections: 'bindings: [{ on: "qn/1/pi-1/notify/knob", to: gpio.held }]',
    });
    for (const document of ['gpio.held', 'gpio.stop']) {
      await rig.say(`notify/${document}`, 'ON', { retain: true });
      await rig.hear({ verb: 'ack', document, status: 'successful' });
    }
    for (const document of ['gpio.held', 'gpio.stop', 'gone', 'knob', 'config'])
      await rig.say(`notify/${document}`, '', { retain: true });
    for (const document of ['gpio.held', 'gpio.stop']) {
      await rig.say(`notify/${document}`, '{"id":"7","val":"ON"}');
      await rig.hear({ verb: 'ack', document, status: 'successful', id: 7n });
    }
    await rig.say('query/gpio.held', '');
    await until(() => rig.wire('GPIO17') === '1' && rig.wire('GPIO22') === '1', 'both on');
    expect(rig.listener.all.filter(({ message }) => message.t === 'ack' && message.st === 'rejected')).toEqual([]);
  });
});
