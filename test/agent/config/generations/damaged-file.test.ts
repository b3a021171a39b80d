import { expect, test } from 'vitest';
import { checkValue } from '../../../../agent/config/check-value.ts';
import { bootConfig } from '../../../../agent/config/generations/boot-config.ts';
import { contentOf, type Generation } from '../../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import type { ConfigTrouble } from '../../../../agent/config/load.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { CutFiles } from '../../../support/cut-files.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const path = '/etc/c.yaml';
const damaged: ConfigTrouble = { kind: 'invalid', faults: [], isDamaged: true };

const withRelay = (line: string): Value => ({
  ...{ node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] } },
  documents: { relay: { driver: 'gpio-out', line } },
});

function fileSaying(line: string, author = path): Generation {
  const value = withRelay(line);
  return { version: 0, vc: {}, origin: 'file', author, atMs: 0, value, file: contentOf(value) };
}

/** A disk on which these config files ran, one after the other. */
async function openDisk(...ran: readonly Generation[]) {
  const files = new CutFiles(new Map());
  for (const file of ran) await (await ConfigKeeper.open(files, '/s')).keepFileCopy(file);
  return files;
}

async function boot(files: CutFiles, trouble: ConfigTrouble) {
  const keeper = await ConfigKeeper.open(files, '/s');
  const check = (value: Value) => {
    const checked = checkValue(value, {});
    return checked.ok ? ok(checked.value.checked) : checked;
  };
  return await bootConfig({ keeper, kernelBoot: 'k', path, clock: createFakeClock(0), check }, fail(trouble));
}

test('a board whose config file is damaged goes on with what it said when it last ran', async () => {
  const booted = await boot(await openDisk(fileSaying('A'), fileSaying('B')), damaged);
  expect(booted).toMatchObject({
    from: 'file',
    generation: { version: 0, value: withRelay('B') },
    troubles: [expect.stringMatching(/damaged.*write it again/)],
  });
  expect(booted?.checked.config.documents['relay']).toMatchObject({ line: 'B' });
});

test.for<[string, ConfigTrouble, Generation | undefined]>([
  ['is merely wrong', { kind: 'invalid', faults: [] }, fileSaying('A')],
  ['says the name of another board', { ...damaged, node: 'pi-2' }, fileSaying('A')],
  ['is not the one that ran', damaged, fileSaying('A', '/etc/other.yaml')],
  ['never ran', damaged, undefined],
])('but not with one that %s', async ([, trouble, ran]) => {
  expect(await boot(await openDisk(...(ran === undefined ? [] : [ran])), trouble)).toBeUndefined();
});

test('what ran is written once, and not where another config is kept', async () => {
  const files = await openDisk(fileSaying('A'), fileSaying('A'));
  expect(files.operations).toEqual(['replace /s/config/file.json']);
  const keeper = await ConfigKeeper.open(files, '/s');
  await keeper.adopt({ ...fileSaying('B'), version: 1 }, fileSaying('A'));
  const count = files.operations.length;
  await keeper.keepFileCopy(fileSaying('C'));
  expect(files.operations).toHaveLength(count);
  expect(await boot(files, damaged)).toMatchObject({ from: 'active', generation: { value: withRelay('B') } });
});
