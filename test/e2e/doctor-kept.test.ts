import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realFiles } from '../../agent/config/generations/file-system.ts';
import { contentOf } from '../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../agent/config/generations/keeper.ts';
import { runProgram } from '../support/agent-process.ts';
import { plainOf } from '../support/config-home.ts';
import { ask, type DoctorRig, openDoctorRig } from '../support/doctor-rig.ts';
import { nobodyMissing, runAsNobody } from '../support/nobody.ts';

vi.setConfig({ testTimeout: 60_000 }); // Each begins a process or two.

let rig: DoctorRig;
let file: string;
let state: string;

/** A board that was pushed a config with a line it does not have, and whose agent does not run. */
beforeEach(async () => {
  rig = await openDoctorRig();
  file = rig.write({});
  state = path.join(rig.folder, 'state');
  const text = readFileSync(file, 'utf8');
  const value = plainOf(text.replace('GPIO17', 'GPIO99'));
  const claim = { version: 3, author: 'alice', origin: 'push', atMs: 0 } as const;
  const keeper = await ConfigKeeper.open(realFiles, state);
  const next = { ...claim, vc: {}, value, file: contentOf(plainOf(text)) };
  await keeper.begin({ to: contentOf(value), ...claim }, next);
  await keeper.commit(next, { ...next, version: 2, origin: 'file', value: plainOf(text) });
  await keeper.told();
});
afterEach(() => rig[Symbol.asyncDispose]());

function onDisk(): readonly (readonly string[])[] {
  const folder = path.join(state, 'config');
  return readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
}

test('the doctor looks at the config that a start takes, says so, and changes nothing', async () => {
  const before = onDisk();
  const { findings, looked_at } = await ask(file);
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'GPIO-05', cause: expect.stringContaining('GPIO99') }),
  );
  expect(looked_at).toMatchObject({ config: 'kept', version: 3, origin: 'push', author: 'alice', why: [] });
  const { out } = await runProgram('qn-agent', ['doctor', '--config', file]);
  expect(out).toContain('looked at the config that this board keeps: version 3, push by alice\n');
  expect(onDisk()).toEqual(before);
});

test('a config file that was changed since is what a start takes', async () => {
  const before = onDisk();
  writeFileSync(file, `${readFileSync(file, 'utf8')}health: { interval: 30s }\n`);
  const { findings, looked_at } = await ask(file);
  expect(findings.map(({ code }) => code)).not.toContain('GPIO-05');
  expect(looked_at).toMatchObject({ config: 'file', file });
  expect(onDisk()).toEqual(before);
});

test('beside a config file with a fault, what a start takes is looked at all the same', async () => {
  writeFileSync(file, `${readFileSync(file, 'utf8')}helth: 1\n`);
  const { findings, looked_at } = await ask(file);
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['CFG-02', 'GPIO-05']));
  expect(looked_at).toMatchObject({ config: 'kept', why: [expect.stringContaining('the config file has faults')] });
});

test('a config that brought the agent down is not the one', async () => {
  const { value } = (await ConfigKeeper.read(realFiles, state)).active ?? {};
  const boots = { content: contentOf(value ?? null), count: 3, kernelBoot: '', isProven: false, failed: [] };
  writeFileSync(path.join(state, 'config', 'boots.json'), JSON.stringify(boots));
  const { looked_at } = await ask(file);
  expect(looked_at).toMatchObject({
    config: 'file',
    why: ['the active config brought the agent down again and again'],
  });
});

test.skipIf(nobodyMissing !== undefined)(
  `who may not read what the board keeps is told so (${nobodyMissing ?? 'as nobody'})`,
  () => {
    chmodSync(path.join(state, 'config'), 0o700);
    const { stdout } = runAsNobody(['doctor', '--config', file]);
    expect(stdout).toMatch(/looked at the config file .*config[.]yaml; what was pushed is not known: .* use sudo\n/);
  },
);
