import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { openFileRig, stored } from '../../support/store-rigs.ts';
import { until } from '../../support/until.ts';

it.each([
  ['deleted', (folder: string) => rmSync(folder, { recursive: true })],
  [
    'exchanged for another one',
    (folder: string) => {
      renameSync(folder, `${folder}-moved`);
      onTestFinished(() => rmSync(`${folder}-moved`, { recursive: true }));
      mkdirSync(folder);
    },
  ],
])('a folder that is %s while it is used is told, and what is known of commands is written anew', async (_, lose) => {
  const rig = openFileRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  const store = await rig.open();
  stored(await store.journal.begin(command(1)));
  stored(await store.journal.end(command(1), { status: 'successful' }));
  lose(rig.folder);
  expect(await store.journal.begin(command(2))).toMatchObject({ ok: false, error: { kind: 'io' } });
  await rig.clock.advance(2_000);
  await until(() => store.state === 'working', 'the store to work again');
  expect(rig.told.map(({ kind }) => kind)).toEqual(['io', 'working']);
  expect(rig.told[0]?.detail).toContain('store.db');
  expect(stored(await store.journal.begin(command(2)))).toBe('new');
  stored(await store.outbox.put(message('after')));
  await rig.crash();
  const reopened = await rig.open();
  expect(reopened.journal.find(command(1))).toEqual({ status: 'successful' });
  expect(await reopened.journal.interrupted).toMatchObject([{ id: 2n }]);
  expect(await textsOf(reopened)).toEqual(['after']);
});
