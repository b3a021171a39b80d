import { expect, it } from 'vitest';
import { offlineWill } from '../../agent/farewell.ts';
import { lateWillMs } from '../../agent/uplink-limits.ts';
import { statusOf } from '../support/heard.ts';
import { openLives } from '../support/lives.ts';
import { configOf } from '../support/memory-agent.ts';

it('a node that is there is not offline for long when its last will comes late', async () => {
  await using lives = openLives([]);
  await lives.boot();
  await lives.pass(lateWillMs);
  const areOffline = () =>
    lives.heard.filter(({ verb }) => verb === 'health').map((heard) => statusOf(heard) === 'offline');
  const before = areOffline().length;
  const { payload } = offlineWill(configOf({ documents: [] }, '/nowhere'), lives.agent.boot);
  lives.say('health/agent', Buffer.from(payload).toString(), { retain: true });
  await lives.pass(2 * lateWillMs);
  expect(areOffline().slice(before)).toEqual([true, false]);
});
