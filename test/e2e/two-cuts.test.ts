import { expect, test } from 'vitest';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const hold = '{ boot: hold, exit: hold, crash: hold }';
const documents = [
  `heater: { driver: gpio-out, line: GPIO17, max-on: 1h, safe: ${hold} }`,
  'meter: { driver: gpio-counter, line: GPIO5 }',
];

describeWithMosquitto('a board whose power is cut again right after it has started', () => {
  test('keeps the count of a meter, also where an output that is on remembers something at once', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17', 'GPIO5'] });
    await rig.say('notify/meter', '{"id": "1", "val": {"set": 700}}');
    await rig.hear({ verb: 'ack', document: 'meter', status: 'successful' });
    await rig.say('notify/heater', 'ON');
    await rig.hear({ verb: 'ack', document: 'heater', status: 'successful' });
    await rig.agent.end('SIGTERM');
    await rig.start();
    await rig.agent.end('SIGKILL');
    const before = rig.listener.all.length;
    await rig.start();
    await rig.hear({ verb: 'state', document: 'meter', test: (heard) => rig.listener.all.indexOf(heard) >= before });
    const told = rig.listener.all.filter(({ verb, document }) => verb === 'state' && document === 'meter');
    expect(told.at(-1)?.message.val).toEqual({ count: 700, rate: 0 });
  }, 60_000);
});
