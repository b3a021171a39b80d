import { expect, test } from 'vitest';
import { ConfigChanges } from '../../../../agent/config/push/config-changes.ts';
import { startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';

test('an exception in a change is for whoever asked for it; closing goes on', async () => {
  await using pushable = await startPushableAgent({ documents: [relay] });
  const { changeable, office } = pushable.agent;
  const home = (await office)?.home;
  const candidate = home?.check(pushable.value([relay], 'groups: [line-1]'));
  if (home === undefined || candidate?.ok !== true) throw new Error('no config to take');
  const prepareLink = () => Promise.reject(new Error('a bug'));
  const changes = new ConfigChanges({ parts: { ...changeable, prepareLink }, home, changed() {} });
  const taken = changes.take(candidate.value, changes.localClaim('local', 'reload'));
  const closed = changes.close();
  await expect(taken).rejects.toThrow('a bug');
  await expect(closed).resolves.toBeUndefined();
});
