import { expect, test } from 'vitest';
import { checkValue } from '../../../../agent/config/check-value.ts';
import { bootConfig } from '../../../../agent/config/generations/boot-config.ts';
import { contentOf, type Generation } from '../../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import type { LoadedConfig } from '../../../../agent/config/load.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { CutFiles } from '../../../support/cut-files.ts';

const base = { node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] } };
const withRelay = (line: string): Value => ({ ...base, documents: { relay: { driver: 'gpio-out', line } } });
const faulty = fail({ kind: 'invalid', faults: [] } as const);

function loaded(value: Value) {
  const checked = checkValue(value, {});
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const read: LoadedConfig = { ...checked.value.checked, written: Object(value), files: ['config.yaml'], warnings: [] };
  return ok(read);
}

/** A board with this config file that took these configs over the air, and boots so often without coming to its mark. */
async function openBoard(file: Value, pushes: readonly Value[]) {
  const files = new CutFiles(new Map());
  const keeper = await ConfigKeeper.open(files, '/s');
  let before: Generation = {
    version: 0,
    vc: {},
    origin: 'file',
    author: 'file',
    atMs: 0,
    value: file,
    file: contentOf(file),
  };
  for (const [index, value] of pushes.entries()) {
    const next = { ...before, version: index + 1, origin: 'push', value } as const;
    await keeper.begin({ to: contentOf(value), version: index + 1, author: 'a', origin: 'push', atMs: 0 }, next);
    await keeper.commit(next, before);
    await keeper.told();
    before = next;
  }
  return async (read: Parameters<typeof bootConfig>[1]) => {
    const opened = await ConfigKeeper.open(files, '/s');
    const check = (value: Value) => {
      const checked = checkValue(value, {});
      return checked.ok ? ok(checked.value.checked) : checked;
    };
    return await bootConfig({ keeper: opened, kernelBoot: 'k', wallMs: () => 0, check }, read);
  };
}

test('a board that never took a config has its file, or nothing, and counts no boot', async () => {
  const boot = await openBoard(withRelay('A'), []);
  for (let count = 0; count < 9; count += 1)
    expect(await boot(loaded(withRelay('A')))).toMatchObject({ from: 'file', troubles: [] });
  expect(await boot(faulty)).toBeUndefined();
});

test('what was taken last is booted, also while the file has faults', async () => {
  const boot = await openBoard(withRelay('A'), [withRelay('B'), withRelay('C')]);
  expect(await boot(loaded(withRelay('A')))).toMatchObject({
    from: 'active',
    generation: { version: 2 },
    troubles: [],
  });
  expect(await boot(faulty)).toMatchObject({
    from: 'active',
    generation: { version: 2 },
    troubles: [expect.stringContaining('faults')],
  });
});

test('a file that was changed since has the last word, as a new version', async () => {
  const boot = await openBoard(withRelay('A'), [withRelay('B')]);
  const adopted = await boot(loaded(withRelay('Z')));
  expect(adopted).toMatchObject({ from: 'active', generation: { version: 2, origin: 'file', vc: { local: 1 } } });
  expect(adopted?.checked.config.documents['relay']).toMatchObject({ line: 'Z' });
  expect(await boot(loaded(withRelay('Z')))).toMatchObject({ generation: { version: 2 } }); // Once.
});

test('three failed boots each: the one before, the file, and the safe mode with the way to the brokers alone', async () => {
  const boot = await openBoard(withRelay('A'), [withRelay('B'), withRelay('C')]);
  const from: (string | undefined)[] = [];
  for (let count = 0; count < 10; count += 1) from.push((await boot(loaded(withRelay('A'))))?.from);
  expect(from).toEqual([
    'active',
    'active',
    'active',
    'previous',
    'previous',
    'previous',
    'file',
    'file',
    'file',
    'safe',
  ]);
  const safe = await boot(loaded(withRelay('A')));
  expect(safe).toMatchObject({ from: 'safe', checked: { config: { node: 'pi-1', documents: {}, bindings: [] } } });
  expect(safe?.troubles.at(-1)).toContain('safe mode');
});

test('a config that this version of the agent does not take is passed over', async () => {
  const boot = await openBoard(withRelay('A'), [
    withRelay('B'),
    { ...base, documents: { relay: { driver: 'hologram' } } },
  ]);
  expect(await boot(loaded(withRelay('A')))).toMatchObject({
    from: 'previous',
    generation: { version: 1 },
    troubles: [expect.stringContaining('the active config is not one this version takes')],
  });
});
