import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { changeConfig } from '../../../../agent/config/change/change.ts';
import { Platter } from '../../../../agent/store/platter.ts';
import { fail } from '../../../../drivers/contract/result.ts';
import { nowhere, startChangingAgent } from '../../../support/changing-agent.ts';
import { checkedOf } from '../../../support/checked-config.ts';
import { mcuPort, startMcuAgent } from '../../../support/mcu-agent.ts';
import { until } from '../../../support/until.ts';

const mcu = 'firmware.mcu0';

/** Goes over to a config with these keys of the microcontroller, on the board as it runs. */
async function change({ agent }: Awaited<ReturnType<typeof startMcuAgent>>, keys: string) {
  const { changeable } = agent;
  const { stateFolder } = changeable.running.config;
  const text = `node: n
mqtt: { brokers: [{ url: mqtt://x }] }
state-folder: ${stateFolder}
documents:
  ${mcu}: { driver: mcu, port: ${mcuPort}${keys} }
`;
  const wish = { next: checkedOf(text), isOverAir: false };
  return await changeConfig(changeable, wish, nowhere, new AbortController().signal);
}

it('a config that changes its microcontroller waits for the end of a pulse of a channel', async () => {
  await using rig = await startMcuAgent();
  await rig.hear(`state/${mcu}.out1`, false);
  rig.notify(`${mcu}.out1`, '{"on-for": "800ms"}');
  await until(() => rig.board.wire(1) === true, 'on');
  expect(await change(rig, ', watchdog: 2s')).toEqual({ status: 'successful' });
  expect(rig.said.all.filter(({ topic }) => topic === `ack/${mcu}.out1`).map(({ message }) => message.st)).toEqual([
    'accepted',
    'executing',
    'successful',
  ]);
});

it('one that went silent while it was closed is told as up when it is up again, and stays so', async () => {
  await using rig = await startMcuAgent({ keys: ', watchdog: 100ms' });
  await rig.hear(`state/${mcu}.out1`, false);
  rig.board.mcu.hang();
  expect(await change(rig, ', watchdog: 150ms')).toEqual({ status: 'successful' });
  const pulse = async () => {
    rig.notify(`${mcu}.out1`, '{"on-for": "400ms"}');
    await rig.hearAck(`${mcu}.out1`, 'successful'); // What the one before left behind has come by then.
  };
  await pulse();
  const told = rig.said.all.findLast(({ topic }) => topic === `state/${mcu}`)?.message.val;
  expect(told).toMatchObject({ link: 'up', safe: 'none' });
});

it('an order for its program that is under way when the config of before comes back ends, and not in a later life', async () => {
  const server = createServer().listen(0, '127.0.0.1'); // Says nothing.
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const documents = (keys = '') => [
    `${mcu}: { driver: mcu, port: ${mcuPort}, reset: { line: GPIO4 }, update: { over: stk500 }${keys} }`,
  ];
  await using rig = await startChangingAgent({ documents: documents(), platter: new Platter() });
  const val = { write: 'ab'.repeat(32), size: 9, url: `https://127.0.0.1:${port}/x.hex` };
  const order = () => rig.say(`notify/${mcu}`, JSON.stringify({ id: '7', src: 'ops', val }));
  const commit = async () => {
    order();
    await rig.hear({ verb: 'ack', document: mcu, status: 'executing' });
    return fail('the disk is full');
  };
  const outcome = await rig.change({ documents: documents(', watchdog: 2s') }, { ...nowhere, commit });
  expect(outcome).toMatchObject({ rollback: 'restored' });
  const { message } = await rig.hear({ verb: 'ack', document: mcu, status: 'failed' });
  expect(message).toMatchObject({
    id: 7n,
    why: 'interrupted',
    detail: expect.stringContaining('send the order again'),
  });
  order();
  const again = await rig.hear({ verb: 'ack', document: mcu, status: 'duplicate' });
  expect(again.message.val).toEqual({ status: 'failed', reason: 'interrupted' });
});
