import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Candidate, ConfigHome } from '../../../../agent/config/home.ts';
import { ConfigChanges } from '../../../../agent/config/push/config-changes.ts';
import { deadBroker, type PushableAgent, startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';

/** A config that could be taken, and where from. */
async function candidateFor({ agent, value }: PushableAgent): Promise<{ home: ConfigHome; candidate: Candidate }> {
  const home = (await agent.office)?.home;
  const checked = await home?.check(value([relay], 'groups: [line-1]'));
  if (home === undefined || checked?.ok !== true) throw new Error('no config to take');
  return { home, candidate: checked.value };
}

test('an exception in a change is for whoever asked for it; closing goes on', async () => {
  await using pushable = await startPushableAgent({ documents: [relay] });
  const { changeable } = pushable.agent;
  const { home, candidate } = await candidateFor(pushable);
  const prepareLink = () => Promise.reject(new Error('a bug'));
  const changes = new ConfigChanges({ parts: { ...changeable, prepareLink }, home, changed() {} });
  const taken = changes.take(candidate, changes.localClaim('local', 'reload'));
  const closed = changes.close();
  await expect(taken).rejects.toThrow('a bug');
  await expect(closed).resolves.toBeUndefined();
});

test('what was still being checked when the agent stopped is not begun', async () => {
  await using pushable = await startPushableAgent({ documents: [relay] });
  const { home, candidate } = await candidateFor(pushable);
  const changes = new ConfigChanges({ parts: pushable.agent.changeable, home, changed() {} });
  await changes.close();
  const taken = await changes.take(candidate, changes.localClaim('local', 'reload'));
  expect(taken).toEqual({ status: 'aborted' });
  expect(existsSync(path.join(pushable.stateFolder, 'config', 'change.json'))).toBe(false);
  expect(changes.running.version).toBe(0);
});

test('a reload that is refused as busy leaves the note of the push that is under way', async () => {
  await using pushable = await startPushableAgent({ documents: [relay] });
  const office = await pushable.agent.office;
  const away = { ...Object(pushable.value([relay])), mqtt: { brokers: [{ url: deadBroker }] } };
  pushable.push({ id: '1', src: 'me', val: away });
  await expect.poll(() => pushable.agent.changeable.uplink.lastTrouble).toContain('connection refused');
  const reloaded = await office?.change({ do: 'reload', isDryRun: false });
  expect(reloaded).toMatchObject({ status: 'rejected', reason: 'busy' });
  expect(existsSync(path.join(pushable.stateFolder, 'config', 'change.json'))).toBe(true);
  expect((await pushable.ending(1)).message).toMatchObject({ st: 'failed', why: 'rolled-back' });
  const { history } = office?.home.keeper ?? {};
  expect(history).toMatchObject([{ version: 1, status: 'failed', asked: { source: 'me', id: '1' } }]);
});
