import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { injectBlob } from '../../build/single/inject.ts';
import { loadableModules } from '../../build/single/loadable-modules.ts';
import { makeBlob } from '../../build/single/single.ts';
import { modulesIn, trimBlob } from '../../build/single/trim-blob.ts';

/** Says the greeting of its asset, and what it and a thread of it find when they load modules that need others. */
const program = `
  const { startupSnapshot } = require('node:v8');
  startupSnapshot.setDeserializeMainFunction(() => {
    const { getAsset } = process.getBuiltinModule('node:sea');
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const { get } = process.getBuiltinModule('node:http');
    const code = "require('node:worker_threads').parentPort.postMessage(typeof require('node:zlib').crc32)";
    const tell = (found) => console.log(getAsset('greeting', 'utf8'), typeof get, found);
    new Worker(code, { eval: true }).on('message', tell);
  });`;

describe('the compiled modules of Node.js beside a snapshot', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-trim-'));
  const node = process.execPath;
  let blob = '';

  beforeEach(async () => {
    const [main, greeting] = [path.join(folder, 'main.cjs'), path.join(folder, 'greeting')];
    writeFileSync(main, program);
    writeFileSync(greeting, 'hello');
    blob = await makeBlob({ folder, main, assets: { greeting }, node, runner: [] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are left out where nobody wants them, and compiled when they are loaded all the same', async () => {
    const all = await modulesIn(blob);
    expect(all).toEqual(expect.arrayContaining(['fs', 'http', '_http_server', 'internal/bootstrap/node', 'repl']));
    const before = readFileSync(blob).length;
    const isWanted = (name: string) => name.startsWith('internal/bootstrap/') || name === 'fs';
    await trimBlob(blob, isWanted);
    expect(await modulesIn(blob)).toEqual(all.filter(isWanted));
    expect(readFileSync(blob).length).toBeLessThan(before - 3_000_000);
    const target = path.join(folder, 'trimmed');
    await injectBlob(node, blob, target);
    expect(execFileSync(target, { encoding: 'utf8' })).toBe('hello function function\n');
  });

  it('are as they were where all are wanted', async () => {
    const before = readFileSync(blob);
    await trimBlob(blob, () => true);
    expect(readFileSync(blob).equals(before)).toBe(true);
  });

  it('are not touched in a file that is laid out in another way', async () => {
    const bytes = readFileSync(blob);
    const refused = async (change: () => void, why: string) => {
      writeFileSync(blob, bytes);
      change();
      const changed = readFileSync(blob);
      await expect(trimBlob(blob, () => false)).rejects.toThrow(why);
      expect(readFileSync(blob).equals(changed)).toBe(true);
    };
    await refused(() => truncateSync(blob, 0), 'it does not begin as a program');
    await refused(() => truncateSync(blob, 1_000), 'it ends within the snapshot');
    const magic = bytes.indexOf(Buffer.from([0x19, 0xda, 0x43, 0x01]));
    await refused(() => writeFileSync(blob, Buffer.from(bytes).fill(0, magic, magic + 4)), 'it has no snapshot');
    const name = bytes.lastIndexOf('\x17\0\0\0\0\0\0\0internal/bootstrap/node', undefined, 'latin1');
    await refused(() => writeFileSync(blob, Buffer.from(bytes).fill(0xff, name, name + 8)), 'no compiled modules');
  });

  it('are wanted of all that a program names, and of what that loads', async () => {
    const [first, second] = [path.join(folder, 'first.cjs'), path.join(folder, 'second.cjs')];
    writeFileSync(first, `process.getBuiltinModule("node:http")`);
    writeFileSync(second, `require('node:dns/promises')`);
    const loadable = await loadableModules([first, second]);
    expect(loadable).toEqual(expect.arrayContaining(['http', '_http_server', 'internal/freelist', 'dns/promises']));
    expect(loadable.filter((name) => /^(_tls|repl|internal.test_runner)/.test(name))).toEqual([]);
  });
});
