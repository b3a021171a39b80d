import { expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { mcuCalmMs, mcuLossesCountMax } from '../../../../firmware-bridge/limits.ts';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';

const mcu = 'firmware.mcu0';

/** Until a command goes through. */
async function untilUp(rig: Awaited<ReturnType<typeof startMcuAgent>>): Promise<void> {
  for (let end: string | undefined; end !== 'successful'; ) {
    rig.notify(`${mcu}.out1`, 'ON');
    const ack = ({ topic, message: { st = '' } }: { readonly topic: string; readonly message: { st?: string } }) =>
      topic === `ack/${mcu}.out1` && ['successful', 'failed'].includes(st);
    end = (await rig.said.next(ack)).message.st;
  }
}

it('one whose supply is too weak, and that begins anew all the time, is told of once, until it stays', async () => {
  const after = (ms: number, act: () => void) => systemClock.after(ms === mcuCalmMs ? 200 : ms, act);
  await using rig = await startMcuAgent({ clock: { ...systemClock, after } });
  for (let resets = 0; resets < 2 * mcuLossesCountMax; resets += 1) {
    await untilUp(rig);
    rig.board.mcu.reset();
  }
  const all = () => rig.said.all.filter(({ topic }) => topic === `event/${mcu}`).map(({ message }) => message.val);
  expect(all().at(-1)).toMatchObject({ link: 'down', why: expect.stringContaining('more than 10 times') });
  expect(rig.said.all.findLast(({ topic }) => topic === 'health/agent')?.message.val).toMatchObject({
    status: 'degraded',
  });
  expect(rig.said.all.filter(({ topic }) => topic === 'health/agent').length).toBeLessThan(2 * mcuLossesCountMax + 10);
  const downs = all().filter((value) => fieldOf(value, 'link') === 'down');
  expect(downs).toHaveLength(mcuLossesCountMax + 1);

  await until(() => fieldOf(all().at(-1), 'link') === 'up', 'told that it stays');
  const state = rig.said.all.findLast(({ topic }) => topic === `state/${mcu}`)?.message.val;
  expect(state).toMatchObject({ link: 'up' });
});
