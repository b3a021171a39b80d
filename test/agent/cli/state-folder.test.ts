import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseConfig } from '../../../agent/cli/choose-config.ts';
import { stateFolderOf } from '../../../agent/cli/state-folder.ts';
import { realFiles } from '../../../agent/config/generations/file-system.ts';
import { contentOf } from '../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../agent/config/generations/keeper.ts';
import { recordContext } from './context.ts';

let folder: string;
let main: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-state-folder-'));
  main = path.join(folder, 'config.yaml');
  await mkdir(path.join(folder, 'conf.d'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: { readonly [name: string]: string }): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
}

test.each([
  ['the config file', { 'config.yaml': 'state-folder: /a\nnode: [' }, '/a'],
  ['a file beside it', { 'config.yaml': 'node: [', 'conf.d/10.yaml': 'state-folder: "/b" # the disk' }, '/b'],
  [
    'the last that says it',
    { 'config.yaml': 'state-folder: /a', 'conf.d/2.yaml': 'state-folder: /c', 'conf.d/1.yaml': 'state-folder: /b' },
    '/c',
  ],
  [
    'no file that is not read',
    { 'config.yaml': 'state-folder: /a', 'conf.d/1.yml': 'state-folder: /b', 'conf.d/.x.yaml': 'state-folder: /c' },
    '/a',
  ],
  ['none: the default', { 'conf.d/1.yaml': 'documents: { state-folder: /b }' }, '/var/lib/qn-agent'],
])('the state folder is told by %s', async (_, files, expected) => {
  await write(files);
  expect(await stateFolderOf(recordContext(), main)).toBe(expected);
});

test('with a config file that is broken, what was taken last is found where conf.d says', async () => {
  const state = path.join(folder, 'state');
  await write({ 'config.yaml': 'node: [', 'conf.d/state.yaml': `state-folder: ${state}` });
  const value = { node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] }, 'state-folder': state };
  const next = { version: 1, vc: {}, origin: 'push', author: 'a', atMs: 0, value } as const;
  const keeper = await ConfigKeeper.open(realFiles, state);
  await keeper.begin({ to: contentOf(value), version: 1, author: 'a', origin: 'push', atMs: 0 }, next);
  await keeper.commit(next, { ...next, version: 0 });
  await keeper.told();
  const chosen = await chooseConfig(recordContext(), { config: main });
  expect(chosen).toMatchObject({ ok: true, value: { boot: { from: 'active', generation: { version: 1 } } } });
});
