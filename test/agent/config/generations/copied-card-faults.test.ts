import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkValue } from '../../../../agent/config/check-value.ts';
import { bootConfig } from '../../../../agent/config/generations/boot-config.ts';
import { contentOf } from '../../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import { loadConfig } from '../../../../agent/config/load.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { CutFiles } from '../../../support/cut-files.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const value = { node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] } };

/** What a card starts with on which pi-1 took a config, and then its config file was written anew. */
async function bootWith(text: string, env = {}) {
  const keeper = await ConfigKeeper.open(new CutFiles(new Map()), '/s');
  const before = {
    version: 0,
    vc: {},
    origin: 'file',
    author: 'file',
    atMs: 0,
    value,
    file: contentOf(value),
  } as const;
  const next = { ...before, version: 1, origin: 'push', value: { ...value, groups: ['line-1'] } } as const;
  await keeper.begin({ to: contentOf(next.value), version: 1, author: 'a', origin: 'push', atMs: 0 }, next);
  await keeper.commit(next, before);
  await keeper.told();
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'qn-boot-'));
  const file = path.join(folder.path, 'config.yaml');
  await writeFile(file, text);
  const loaded = await loadConfig({ path: file, env });
  expect(loaded).toMatchObject({ ok: false });
  const check = (kept: Value) => {
    const checked = checkValue(kept, env);
    return checked.ok ? ok(checked.value.checked) : checked;
  };
  return await bootConfig({ keeper, kernelBoot: 'k', path: 'config.yaml', clock: createFakeClock(0), check }, loaded);
}

test.each([
  ['a key that is none', 'node: pi-2\nmqtt: { brokers: [{ url: "mqtt://h" }], borkers: [] }\n'],
  ['no YAML', 'node: "pi-2" # the new one\nmqtt: { brokers: [\n'],
  ['a name that is none', 'node: pi_2!\nmqtt: { brokers: [{ url: "mqtt://h" }] }\n'],
])('a copied card whose file has %s does not run as the board it was copied from', async (_, text) => {
  expect(await bootWith(text)).toBeUndefined();
});

test.each([
  ['a key that is none', 'node: pi-1\nmqtt: { brokers: [{ url: "mqtt://h" }], borkers: [] }\n'],
  ['no YAML', 'mqtt: { brokers: [\nnode: pi-1\n'],
  ['its own name in capitals', 'node: PI-1\nmqtt: { brokers: [{ url: "mqtt://h" }] }\n'],
  ['no name', 'mqtt: { brokers: [{ url: "mqtt://h" }] }\n'],
])('the board itself, whose file has %s, goes on with what it took', async (_, text) => {
  expect(await bootWith(text)).toMatchObject({ from: 'active', generation: { version: 1 } });
});

test('a board that has its name from the environment goes by that', async () => {
  const text = 'mqtt: { brokers: [{ url: "mqtt://h" }], borkers: [] }\n';
  expect(await bootWith(text, { QN_NODE: 'pi-7' })).toMatchObject({
    from: 'active',
    checked: { config: { node: 'pi-7' } },
  });
});
