import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Heard, openListener } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const names = Array.from({ length: 12 }, (_, index) => `weight ${index}`);

/** A serial device that talks: the newest connection of the agent. */
async function openDevice(file: string) {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {}); // Its agent was killed.
    connections.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  return {
    say: (line: string) => void connections.at(-1)?.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeWithMosquitto('events while there is no broker', () => {
  it('arrive in order, though the agent was killed before the broker came back', { timeout: 60_000 }, async () => {
    const file = path.join(tmpdir(), `qn-device-${process.pid}`);
    await using device = await openDevice(file);
    const row = `serial.x: { driver: serial-line, port: "simulated:${file}", baud: 115200, delimiter: "\\n" }`;
    await using rig = await openRig({ documents: [row] });
    await rig.start();
    await rig.say('notify/serial.x', 'W'); // Else what comes right after opening may be the tail of a frame, and is not told.
    await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
    device.say('before');
    await rig.hear({ verb: 'event', document: 'serial.x', value: 'before' });

    await rig.broker.kill();
    await until(() => rig.agent.out.includes('connection lost'), 'the agent notices');
    for (const name of names) device.say(name);
    await new Promise((resolve) => setTimeout(resolve, 500)); // No event tells from outside what is on the disk.
    await rig.agent.end('SIGKILL');

    await rig.broker.start();
    await using listener = await openListener(rig.broker.port, 'qn/1/pi-1/event/serial.x');
    const last = listener.hear({ value: names.at(-1) ?? '' }, 15_000);
    void rig.start().catch(() => {}); // Its birth is for a listener that went with the broker.
    await last;
    // The one before may come again: the broker was killed perhaps before the agent heard that it has it.
    const heard = listener.all.map(({ message }: Heard) => message.val).filter((value) => value !== 'before');
    expect(heard).toEqual(names);
  });
});
