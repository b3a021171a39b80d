import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { documentQueueCountMax } from '../../../../agent/limits.ts';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';
import { outputs } from './mcu-rig.ts';

it('an off for a channel is not turned away because others wait for it, and takes their place', async () => {
  await using rig = await startMcuAgent({ keys: ', watchdog: 10s', firmware: { channels: outputs } });
  const mcu = 'firmware.mcu0';
  await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && fieldOf(message.val, 'link') === 'up');
  const document = `${mcu}.out5`;
  const endsOf = (id: string) =>
    rig.said.all.flatMap(({ topic, message }) =>
      topic === `ack/${document}` && fieldOf(message, 'id') === id ? [message.st] : [],
    );
  rig.line.stall();
  for (const { name } of outputs.slice(0, 4)) rig.notify(`${mcu}.${name}`, 'ON');
  const waitingCount = documentQueueCountMax + 1; // And one of them is under way.
  for (let id = 1; id <= waitingCount; id += 1) rig.notify(document, JSON.stringify({ id: `${id}`, val: true }));
  await delay(50);
  rig.notify(document, JSON.stringify({ id: '99', val: false }));
  await delay(50);
  expect(endsOf('2')).toEqual(['superseded']);
  rig.line.resume();
  await until(() => endsOf('99').at(-1) === 'successful', 'the off');
  await until(() => rig.board.wire(4) === true, 'the others');
  expect(rig.board.wire(5)).toBe(false);
  expect(endsOf(`${waitingCount}`)).toEqual(['superseded']);
});
