import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openListener } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openRig } from '../support/rig.ts';

describeWithMosquitto('a device that floods its line', () => {
  test.skipIf(ptyMissing)(
    'takes no command of another document its answer, and is told',
    { timeout: 120_000 },
    async () => {
      await using pair = await openPtyPair();
      await using rig = await openRig({
        documents: [`serial.x: { driver: serial-line, port: ${pair.left} }`, 'gpio.r: { driver: gpio-out, line: A }'],
        lines: ['A'],
        listensTo: 'qn/1/pi-1/health/#',
        sections: 'health: { interval: 5s }',
      });
      await rig.start();
      await using acks = await openListener(rig.broker.port, 'qn/1/pi-1/ack/#');
      const flood = spawn('sh', ['-c', `exec yes x > ${pair.right}`]);
      const isFlooded = (value: unknown) => /"flood":\d/.test(JSON.stringify(value));
      await rig.hear({ verb: 'health', test: ({ message }) => isFlooded(message.val) }, 30_000);
      for (let count = 0; count < 20; count += 1) {
        await rig.say('notify/gpio.r', count % 2 === 0 ? 'ON' : 'OFF');
        await acks.hear({ verb: 'ack', document: 'gpio.r', status: 'successful' }, 10_000);
      }
      expect(rig.transitionCount('A')).toBe(20);
      flood.kill('SIGKILL');
      await once(flood, 'exit');
    },
  );
});
