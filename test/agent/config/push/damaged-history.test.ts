import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Generation } from '../../../../agent/config/generations/generation.ts';
import type { ConfigHome } from '../../../../agent/config/home.ts';
import { startPushableAgent } from '../../../support/pushable-agent.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const relay = 'relay: { driver: gpio-out, line: A }';
const record = { to: 'x', version: 1, author: 'a', origin: 'push', atMs: 1, status: 'failed' };

test.each([
  { reason: 7 },
  { detail: 7 },
  { detail: { text: 'x' } },
  { rollback: ['restored'] },
  { asked: { source: 'me', id: '99999999999999999999' } },
])('a board whose history says %j on its card can be pushed to', async (damage) => {
  const stateFolder = await mkdtemp(path.join(tmpdir(), 'qn-history-'));
  stack.defer(() => rm(stateFolder, { recursive: true }));
  await mkdir(path.join(stateFolder, 'config'));
  const damaged = { ...record, ...damage };
  await writeFile(path.join(stateFolder, 'config', 'history.json'), JSON.stringify({ format: 1, changes: [damaged] }));
  await writeFile(path.join(stateFolder, 'config', 'change.json'), JSON.stringify(damaged));
  await using agent = await startPushableAgent({ documents: [relay], stateFolder });
  agent.push({ id: '1', val: agent.value([]) });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'successful' });
});

test('a board whose configs cannot be looked at for a bug drives its pins, and ends in good order', async () => {
  const configs = (home: ConfigHome) => ({
    ...home,
    get generation(): Generation {
      throw new Error('a bug');
    },
  });
  await using agent = await startPushableAgent({ documents: [relay], configs });
  expect(await agent.agent.office).toBeUndefined();
  agent.client.publish('qn/1/pi-1/notify/relay', 'ON');
  await agent.hear({ verb: 'state', document: 'relay', value: true });
});
