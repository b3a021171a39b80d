import { expect, it } from 'vitest';
import { ChannelDocument } from '../../../../agent/documents/mcu/channel-document.ts';
import { decodeCompact } from '../../../../agent/qn/compact.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import type { Channel } from '../../../../firmware-bridge/link/bodies.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { startMcuAgent } from '../../../support/mcu-agent.ts';

const level: Channel = { number: 1, role: 'output', valueType: 'f32', name: 'level', safe: 0 };

it.each([
  [21.3, 21.3],
  [0.1, 0.1],
  [-1.5, -1.5],
  [1 / 3, 0.33333334],
])('%d that a float holds is told as %d', async (value, told) => {
  await using rig = await startMcuAgent({ firmware: { channels: [level] } });
  await rig.hear('state/firmware.mcu0.level', 0);
  rig.notify('firmware.mcu0.level', `${value}`);
  await rig.hearAck('firmware.mcu0.level', 'successful');
  await rig.hear('state/firmware.mcu0.level', told);
});

it.each(['f32', 'milli'] as const)(
  'firmware may tell a rounded %s before it acknowledges the command',
  async (type) => {
    const sent: Uint8Array[] = [];
    const link = {
      trouble: undefined,
      lift: () => Promise.resolve(),
      send: (body: Uint8Array) => Promise.resolve(ok(void sent.push(body))),
    };
    const document = new ChannelDocument({ clock: createFakeClock(), link, nextId: () => 7 }, 'level', false);
    document.become({ ...level, valueType: type });
    const done = document.perform({ do: 'channel', value: 23.45678 });
    await expect.poll(() => sent.length).toBe(1);
    const command = decodeCompact(sent[0] ?? new Uint8Array());
    if (!command.ok || typeof command.value.value !== 'number') throw new Error('no command was sent');
    document.hear({ channel: 1, said: { kind: 'snapshot', value: command.value.value, valueType: type } }, undefined);
    document.hear({ channel: 1, said: { kind: 'ack', id: 7, status: 'successful' } }, undefined);
    expect(await done).toEqual(ok());
  },
);
