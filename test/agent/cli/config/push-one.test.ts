import { expect, test } from 'vitest';
import { Fleet } from '../../../../agent/cli/config/fleet.ts';
import { pushOne } from '../../../../agent/cli/config/push-one.ts';
import { createIdSource } from '../../../../agent/qn/snowflake.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

/** A push to a node that is offline, and what was published for it; the clock stands still. */
async function pushToOffline({ isRetained, isConfigKept }: { isRetained: boolean; isConfigKept: boolean }) {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  const hear = (below: string, message: object) =>
    fleet.hear(`qn/1/a/${below}`, Buffer.from(JSON.stringify(message)), true);
  hear('health/agent', { t: 'health', val: { status: 'offline', boot: '1' } });
  hear('state/config', { t: 'snapshot', val: { version: 3, vc: {}, hash: 'x', config: {}, history: [] } });
  if (isConfigKept) hear('notify/config', { t: 'notify', id: '7', val: {} });
  const published: boolean[] = [];
  const sender = {
    ...{ clock, fleet, source: 'test', key: undefined, author: 'unsigned', value: {}, timeoutMs: 240_000 },
    ...{ isMany: true, isPatch: true, isRetained, ids: createIdSource({ clock, nodeName: 'test' }) },
    async publish(_topic: string, _payload: Uint8Array, retain: boolean) {
      published.push(retain);
      return ok();
    },
  };
  return { end: await pushOne(sender, 'a'), published };
}

test('a node that is offline is not waited for: nothing would reach it', async () => {
  const { end, published } = await pushToOffline({ isRetained: false, isConfigKept: false });
  expect([published, end]).toEqual([
    [],
    { node: 'a', status: 'unasked', detail: expect.stringMatching(/offline.*--retain/) },
  ]);
});

test.each([
  { isRetained: true, isConfigKept: false },
  { isRetained: false, isConfigKept: true },
])('what the broker keeps for it, it takes when it is back: %o', async (row) => {
  const { end, published } = await pushToOffline(row);
  expect([published, end]).toMatchObject([[true], { status: 'kept', retained: true }]);
});
