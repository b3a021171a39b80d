import { expect, test } from 'vitest';
import { checkValue } from '../../../../agent/config/check-value.ts';
import { bootConfig } from '../../../../agent/config/generations/boot-config.ts';
import { contentOf, type Generation } from '../../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import { bootProvenMs, failedBootsMax } from '../../../../agent/config/limits.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { CutFiles } from '../../../support/cut-files.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { KeptBoard, loadedFrom as loaded } from '../../../support/kept-board.ts';

const base = { node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] } };
const withRelay = (line: string): Value => ({ ...base, documents: { relay: { driver: 'gpio-out', line } } });
const faulty = fail({ kind: 'invalid', faults: [] } as const);

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
    return await bootConfig(
      { keeper: opened, kernelBoot: 'k', path: '/etc/c.yaml', clock: createFakeClock(0), check },
      read,
    );
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
    { ...base, documents: { relay: { driver: 'gpio-out', line: 'C', 'soft-start': '2s' } } },
  ]);
  expect(await boot(loaded(withRelay('A')))).toMatchObject({
    from: 'previous',
    generation: { version: 1 },
    troubles: [
      expect.stringContaining(
        'the active config is not one this version takes: config: /documents/relay/soft-start: unknown key "soft-start"',
      ),
    ],
  });
});

test('a config that was taken while running is proven as soon as it ran for long enough', async () => {
  const [file, next] = [withRelay('A'), withRelay('B')];
  const board = new KeptBoard();
  const life = await board.start(file, 'k0');
  await life.push(next);
  await life.run(bootProvenMs);
  for (const kernelBoot of ['k1', 'k2', 'k3', 'k4', 'k5'])
    expect((await board.start(file, kernelBoot)).booted).toMatchObject({ from: 'active', generation: { value: next } });
});

test('one that did not yet run for long enough is proven neither by itself nor by the one before', async () => {
  const [file, proven, next] = [withRelay('A'), withRelay('B'), withRelay('C')];
  const board = new KeptBoard();
  await (await board.start(file)).push(proven);
  const life = await board.start(file);
  await life.run(bootProvenMs - 1);
  await life.push(next);
  await life.run(bootProvenMs - 1);
  await life.stop();
  expect(await board.crash(failedBootsMax, file)).toEqual(next);
  expect(await board.crash(1, file)).toEqual(proven);
});

test('a config that was given up is tried again when it is taken again, and proves itself again', async () => {
  const [file, next] = [withRelay('A'), withRelay('B')];
  const board = new KeptBoard();
  await (await board.start(file)).push(next);
  expect(await board.crash(failedBootsMax + 1, file)).toEqual(file);
  const life = await board.start(file);
  await life.push(next);
  await life.run(bootProvenMs);
  expect((await board.start(file)).booted).toMatchObject({ from: 'active', generation: { value: next }, troubles: [] });
});

test('so does one that is taken in the safe mode', async () => {
  const [file, next] = [withRelay('A'), withRelay('B')];
  const board = new KeptBoard();
  await (await board.start(file)).push(next);
  await board.crash(2 * failedBootsMax, file);
  const life = await board.start(file);
  expect(life.booted?.from).toBe('safe');
  await life.push(next);
  await life.run(bootProvenMs);
  for (const kernelBoot of ['k1', 'k2', 'k3', 'k4'])
    expect((await board.start(file, kernelBoot)).booted).toMatchObject({ from: 'active', generation: { value: next } });
});

test('a config file that was given up is tried again when somebody goes back to it', async () => {
  const [file, next, bad] = [withRelay('A'), withRelay('B'), withRelay('Z')];
  const board = new KeptBoard();
  await (await board.start(file)).push(next);
  expect(await board.crash(failedBootsMax + 1, bad)).toEqual(next);
  expect(await board.crash(1, file)).toEqual(file);
  expect(await board.crash(1, bad)).toEqual(bad);
});

test('a config file that is edited again and again does not cost the last good config', async () => {
  const [file, good] = [withRelay('A'), withRelay('B')];
  const board = new KeptBoard();
  const life = await board.start(file);
  await life.push(good);
  await life.run(bootProvenMs);
  expect(await board.crash(failedBootsMax + 1, withRelay('Y'))).toEqual(good);
  expect(await board.crash(1, withRelay('Z'))).toEqual(withRelay('Z')); // Edited before it was given up.
  for (const bad of [withRelay('X'), withRelay('W')]) {
    expect(await board.crash(failedBootsMax, bad)).toEqual(bad);
    expect((await board.start(bad)).booted).toMatchObject({ from: 'previous', generation: { value: good } });
  }
});

test('a good config file that is edited is what comes back', async () => {
  const [file, good, bad] = [withRelay('A'), withRelay('B'), withRelay('Z')];
  const board = new KeptBoard();
  await (await board.start(file)).push(withRelay('C'));
  const life = await board.start(good);
  await life.run(bootProvenMs);
  expect(await board.crash(failedBootsMax + 1, bad)).toEqual(good);
});

test('wherever the power fails in the first push, a config file that is edited afterwards counts', async () => {
  const [file, next, edited] = [withRelay('A'), withRelay('B'), withRelay('Z')];
  const whole = new KeptBoard();
  await (await whole.start(file)).push(next);
  for (const cut of whole.files.operations.keys()) {
    const board = new KeptBoard(new CutFiles(new Map(), cut));
    await expect((await board.start(file)).push(next)).rejects.toThrow();
    const later = new KeptBoard(new CutFiles(board.files.contents));
    expect([file, next]).toContainEqual(await later.crash(1, file));
    expect(await later.crash(1, edited), `cut at ${cut}`).toEqual(edited);
  }
});

test('with the config that was taken last damaged, an edited config file still counts', async () => {
  const [file, next, edited] = [withRelay('A'), withRelay('B'), withRelay('Z')];
  const board = new KeptBoard();
  await (await board.start(file)).push(next);
  board.files.contents.set('/s/config/active.json', '{"format":1,"sum":"');
  expect(await board.crash(1, file)).toEqual(file);
  expect((await board.start(edited)).booted).toMatchObject({
    from: 'active',
    generation: { value: edited, version: 1 },
    troubles: [],
  });
});

test.each([
  ['the one before', ['active'], withRelay('B')],
  ['the config file', ['active', 'previous'], withRelay('A')],
])('where what was taken last is damaged and %s runs, that is told', async (_, damaged, runs) => {
  const file = withRelay('A');
  const board = new KeptBoard();
  const life = await board.start(file);
  await life.push(withRelay('B'));
  await life.push(withRelay('C'));
  for (const name of damaged) board.files.contents.set(`/s/config/${name}.json`, '');
  const { booted } = await board.start(file);
  expect(booted?.generation.value).toEqual(runs);
  expect(booted?.troubles).toEqual([expect.stringContaining('/s/config/active.json')]);
});

test('a cut while a config that was given up is taken again is no success', async () => {
  const [file, good, next] = [withRelay('A'), withRelay('B'), withRelay('C')];
  const board = new KeptBoard();
  const first = await board.start(file);
  await first.push(good);
  await first.push(next);
  expect(await board.crash(failedBootsMax + 1, file)).toEqual(good);
  const files = new CutFiles(board.files.contents, 3); // Begun, and proving itself.
  const life = await new KeptBoard(files).start(file);
  await life.run(1);
  await expect(life.push(next)).rejects.toThrow();
  const keeper = await ConfigKeeper.open(new CutFiles(files.contents), '/s');
  expect(keeper.history.at(-1)).toMatchObject({ version: 2, status: 'failed', reason: 'interrupted' });
});
