import { expect, it } from 'vitest';
import { linkUrgentCountMax, linkWaitingCountMax, linkWindowCountMax } from '../../../firmware-bridge/limits.ts';
import { linkType } from '../../../firmware-bridge/link/frame.ts';
import { acknowledge, newSender, submit } from '../../../firmware-bridge/link/sender.ts';
import { startMcuAgent } from '../../support/mcu-agent.ts';

const parcel = (ticket: number, isUrgent = false) => {
  return { ticket, type: linkType.data, body: Uint8Array.of(ticket), isUrgent };
};

it('an urgent body goes before all that wait, behind those under way, and urgent ones keep their order', () => {
  const bulk = Array.from({ length: linkWaitingCountMax }, (_, index) => parcel(index));
  let { sender } = submit(newSender(), bulk, 0);
  sender = submit(sender, [parcel(901, true)], 0).sender;
  sender = submit(sender, [parcel(902, true)], 0).sender;
  expect(sender.unacknowledged).toHaveLength(linkWindowCountMax);
  const moved = submit(acknowledge(sender, 1, linkWindowCountMax, 1).sender, [], 1);
  expect(moved.sender.unacknowledged.map(({ parcel: { ticket } }) => ticket)).toEqual([2, 3, 901, 902]);
  expect(linkUrgentCountMax).toBeGreaterThan(0);
});

it('a channel of high priority takes the express lane, known or found', async () => {
  await using rig = await startMcuAgent({ keys: ', channels: { out1: { priority: emergency } }' });
  await rig.hear('state/firmware.mcu0.out2', false);
  const routeOf = (channel: string) => rig.agent.table.routes(`qn/1/n/notify/firmware.mcu0.${channel}`)[0];
  expect(routeOf('out1')).toMatchObject({ to: 'notify', row: { isEmergency: true } });
  expect(routeOf('out2')).toMatchObject({ to: 'notify', row: { isEmergency: false } });
  expect(routeOf('../out1')).toBeUndefined();
});
