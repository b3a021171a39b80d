import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';

/** As agent/main.ts is to begin: the role first, and the thread's code only where it is needed. */
const program = `
  import { ownProgram } from './agent/own-program.ts';
  import { isStoreThread } from './agent/store/role.ts';
  const loaded = (name) => process.moduleLoadList.includes('NativeModule ' + name);
  const workerBefore = loaded('worker_threads');
  async function main() {
    const { openStore } = await import('./agent/store/open-store.ts');

    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now(),
      after: (ms, action) => { const timer = setTimeout(action, ms); return { [Symbol.dispose]: () => clearTimeout(timer) }; } };
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const open = async () => {
      const opened = await openStore({ folder: process.argv[2], program: ownProgram(), clock, log, onTrouble() {} });
      if (!opened.ok) throw new Error(JSON.stringify(opened.error));
      return opened.value;
    };
    const first = await open();
    const set = await first.values.set('a', 'b');
    await first[Symbol.asyncDispose]();
    const second = await open();
    console.log(JSON.stringify({ workerBefore, set: set.ok, state: second.state, value: second.values.get('a'), sqliteHere: loaded('sqlite') }));
    await second[Symbol.asyncDispose]();
  }
  if (isStoreThread()) void import('./agent/store/thread.ts').then(({ runStoreThread }) => runStoreThread());
  else void main();`;

it('runs from one CommonJS file, also through a link, and loads SQLite on the thread only', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'store-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = path.join(folder, 'program.cjs');
  const { warnings } = await build({
    stdin: { contents: program, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    outfile,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  const link = path.join(folder, 'program');
  symlinkSync(outfile, link);
  const output = execFileSync(process.execPath, [link, path.join(folder, 'state')], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual({
    workerBefore: false,
    set: true,
    state: 'working',
    value: 'b',
    sqliteHere: false,
  });
  expect(readdirSync(path.join(folder, 'state'))).toEqual(['store.db']);
});
