import { expect, it } from 'vitest';
import { changeConfig } from '../../../../agent/config/change/change.ts';
import { checkConfig } from '../../../../agent/config/check.ts';
import { nowhere } from '../../../support/changing-agent.ts';
import { mcuPort, startMcuAgent } from '../../../support/mcu-agent.ts';
import { until } from '../../../support/until.ts';

const mcu = 'firmware.mcu0';

it('a config that changes its microcontroller waits for the end of a pulse of a channel', async () => {
  await using rig = await startMcuAgent();
  await rig.hear(`state/${mcu}.out1`, false);
  rig.notify(`${mcu}.out1`, '{"on-for": "800ms"}');
  await until(() => rig.board.wire(1) === true, 'on');
  const { changeable } = rig.agent;
  const { stateFolder } = changeable.running.config;
  const text = `node: n
mqtt: { brokers: [{ url: mqtt://x }] }
state-folder: ${stateFolder}
documents:
  ${mcu}: { driver: mcu, port: ${mcuPort}, watchdog: 2s }
`;
  const next = checkConfig(text, 'next.yaml');
  if (!next.ok) throw new Error(JSON.stringify(next.error));
  const wish = { next: next.value, isOverAir: false };
  const changed = await changeConfig(changeable, wish, nowhere, new AbortController().signal);
  expect(changed).toEqual({ status: 'successful' });
  expect(rig.said.all.filter(({ topic }) => topic === `ack/${mcu}.out1`).map(({ message }) => message.st)).toEqual([
    'accepted',
    'executing',
    'successful',
  ]);
});
