import { expect, it } from 'vitest';
import { fieldOf, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.ghost: { driver: gpio-out, line: GPIO99 }',
  'serial.ghost: { driver: serial-line, port: /dev/ttyGHOST0 }',
];

describeWithMosquitto('a board with a line and a port that are not there', () => {
  it('is degraded and says why, and its other documents work', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17'] });
    const birth = rig.listener.all.find(({ verb }) => verb === 'health')!;
    expect(statusOf(birth)).toBe('degraded');
    const why = fieldOf(birth.message.val, 'why');
    expect(JSON.stringify(why)).toContain('gpio.ghost');
    expect(JSON.stringify(why)).toContain('serial.ghost');
    expect(fieldOf(birth.message.val, 'drivers')).toMatchObject({
      'gpio.relay1': { state: 'working' },
      'gpio.ghost': { state: 'failed', errors: 1 },
      'serial.ghost': { state: 'failed', errors: 1 },
    });
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    expect(rig.wire('GPIO17')).toBe('1');
  });

  it('rejects a command to the line with driver-absent and the way out, and a query as well', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17'] });
    await rig.say('notify/gpio.ghost', '{"id":"5","val":"ON"}');
    const { message } = await rig.hear({ verb: 'ack', document: 'gpio.ghost', status: 'rejected', id: 5n });
    expect(message.why).toBe('driver-absent');
    expect(message.detail).toMatch(/GPIO99.*; mkdir -p /);
    await rig.say('query/gpio.ghost', '{"id":"6"}');
    const answer = await rig.hear({ verb: 'ack', document: 'gpio.ghost', status: 'rejected', id: 6n });
    expect(answer.message.why).toBe('driver-absent');
  });

  it('fails a command to the port with driver-closed and the way out, and tells that it is not open', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17'] });
    await rig.say('notify/serial.ghost', '{"id":"5","val":"ON"}');
    const { message } = await rig.hear({ verb: 'ack', document: 'serial.ghost', status: 'failed', id: 5n });
    expect(message.why).toBe('driver-closed');
    expect(message.detail).toMatch(/ttyGHOST0.*; plug it in/);
    await rig.hear({ verb: 'state', document: 'serial.ghost', value: { open: false } });
  });
});
