import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { hashOf } from '../../agent/health/hash.ts';
import { aheadFile } from '../../agent/single/compile-ahead.ts';
import { build, outFolder } from '../build.ts';
import { bundleOptions, lean } from '../bundle.ts';
import { filesBelow } from '../files-below.ts';
import { muteSchema } from '../mute-schema.ts';
import { type Cpu, fetchNode, lockedNode } from '../node-binary.ts';
import { partFile, parts } from '../parts.ts';
import { runTool } from '../run-tool.ts';
import { readOptions } from '../script-options.ts';
import { nodeFlags } from '../systemd/node-flags.ts';
import { writeSum } from '../write-sum.ts';
import { foreignMissing, runnerOf } from './foreign.ts';
import { injectBlob } from './inject.ts';
import { loadableModules } from './loadable-modules.ts';
import { insideOfProgram, partsInside } from './plugins.ts';
import { type Recorded, recordStart } from './record-start.ts';
import { trimBlob } from './trim-blob.ts';

/*
 * `npm run build:single [-- x64|arm64]`: dist/qn-agent-{x64,arm64}, each one file that needs nothing beside it. It is the
 * Node.js of package.json with a snapshot of the agent in it, made by that very Node.js, so for another CPU than this
 * machine's by qemu-user; without that it starts from source, slower. For the snapshot the agent is started once, and what ran
 * in that is compiled in it. What is loaded when it is needed, the native files, and what the unit file tells Node.js are
 * inside as well.
 */

const cacheFolder = '.cache/single';

export interface SingleReport {
  readonly file: string;
  readonly bytes: number;
  readonly hasSnapshot: boolean;
}

/** `dist` must be built. What is made of the same parts is not made again. */
export async function buildSingle(cpu: Cpu): Promise<SingleReport> {
  const folder = path.join(cacheFolder, cpu);
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'parts'), { recursive: true });
  const assets = await layAssets(cpu, folder);
  const main = path.join(folder, 'main.cjs');
  const entry = 'agent/single/main.ts';
  const plugins = [...lean(entry), muteSchema, insideOfProgram, partsInside];
  await bundle({ ...bundleOptions, entryPoints: [entry], outfile: main, plugins });
  const runner = runnerOf(cpu);
  const file = path.join(outFolder, `qn-agent-${cpu}`);
  const made = [
    await hashOf(main),
    await hashOf(path.join(folder, 'assets.json')),
    lockedNode(cpu).integrity,
    runner,
    [...startFlags, ...nodeFlags()],
  ];
  const stamp = JSON.stringify(made);
  const stampFile = path.join(cacheFolder, `${cpu}.json`);
  if (!existsSync(file) || (await textOf(stampFile)) !== stamp) {
    const node = await nodeOf(cpu);
    const ran = runner === undefined ? undefined : await ranInStart(main);
    if (ran !== undefined) await writeFile(path.join(folder, aheadFile), JSON.stringify(ran.places));
    const blob = await makeBlob({ folder, main, assets, node, runner });
    if (ran !== undefined) {
      const programs = [main, ...Object.values(assets).filter((asset) => asset.endsWith('.cjs'))];
      const wanted = new Set([...ran.modules, ...(await loadableModules(programs))]);
      await trimBlob(blob, (name) => wanted.has(name));
    }
    await injectBlob(node, blob, file);
    await writeSum(file);
    await writeFile(stampFile, stamp);
  }
  return { file, bytes: (await stat(file)).size, hasSnapshot: runner !== undefined };
}

/** What runs in a start, of a program that is the same for each CPU: found out once, on the CPU of this machine. */
async function ranInStart(main: string): Promise<Recorded> {
  const cache = path.join(cacheFolder, 'start.json');
  const sum = await hashOf(main);
  const known: Partial<Recorded & { readonly sum: string }> = JSON.parse((await textOf(cache)) ?? '{}');
  const { places, modules } = known;
  if (known.sum === sum && places !== undefined && modules !== undefined) return { places, modules };
  const folder = path.join(cacheFolder, 'record');
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'parts'), { recursive: true });
  const assets = await layAssets(process.arch === 'arm64' ? 'arm64' : 'x64', folder);
  const blob = await makeBlob({ folder, main, assets, node: process.execPath, runner: undefined });
  const program = path.join(folder, 'qn-agent');
  await injectBlob(process.execPath, blob, program);
  const recorded = await recordStart(path.resolve(program), main);
  await rm(folder, { recursive: true });
  await writeFile(cache, JSON.stringify({ sum, ...recorded }));
  return recorded;
}

/** The one of package.json for this CPU; fetched once. */
async function nodeOf(cpu: Cpu): Promise<string> {
  const node = path.join(cacheFolder, `node-${cpu}-${lockedNode(cpu).version}`);
  if (!existsSync(node)) await fetchNode(cpu, cacheFolder, node);
  await chmod(node, 0o755);
  return node;
}

async function textOf(file: string): Promise<string | undefined> {
  return existsSync(file) ? await readFile(file, 'utf8') : undefined;
}

type Assets = { readonly [name: string]: string };

/** Parts, what lies beside them, native files, and the sums of all: each with the file it is in. */
async function layAssets(cpu: Cpu, folder: string): Promise<Assets> {
  for (const entry of parts) {
    const outfile = path.join(folder, 'parts', partFile(entry));
    const plugins = [...lean(entry), insideOfProgram, partsInside];
    await bundle({ ...bundleOptions, entryPoints: [entry], outfile, plugins });
  }
  for (const file of ['status-page.html', 'openapi.json'])
    await cp(path.join(outFolder, 'parts', file), path.join(folder, 'parts', file));
  const native = path.join(outFolder, 'native', `linux-${cpu}`);
  if (existsSync(native)) await cp(native, path.join(folder, 'native'), { recursive: true });
  const files = await filesBelow(folder);
  const sums: [string, string][] = [];
  for (const file of files) sums.push([file, await hashOf(path.join(folder, file))]);
  await writeFile(path.join(folder, 'assets.json'), JSON.stringify(Object.fromEntries(sums)));
  return Object.fromEntries([...files, 'assets.json'].map((file) => [file, path.join(folder, file)]));
}

/**
 * V8 compiles each function that was called some eight times once more, without optimizing it. In a start that costs more than
 * it saves: this is switched on when the agent is ready (agent/cli/heap.ts). What is made with other flags would be compiled
 * anew, so the blob is made with it, too.
 */
const startFlags = ['--no-sparkplug'];

interface BlobParts {
  readonly folder: string;
  readonly main: string;
  readonly assets: Assets;
  readonly node: string;
  readonly runner: readonly string[] | undefined;
}

/** What Node.js finds in itself: the snapshot or the source, and the assets. The file is in `folder`. */
export async function makeBlob({ folder, main, assets, node, runner }: BlobParts): Promise<string> {
  const output = path.join(folder, 'program.blob');
  const config = path.join(folder, 'config.json');
  const useSnapshot = runner !== undefined;
  const flags = useSnapshot ? startFlags : []; // Node.js has compiled its own modules without them.
  const execArgv = [...flags, ...nodeFlags()];
  const settings = { main, output, useSnapshot, assets, execArgv, disableExperimentalSEAWarning: true };
  await writeFile(config, JSON.stringify(settings));
  const [program, ...operands] = [...(runner ?? []), useSnapshot ? node : process.execPath];
  await runTool(program ?? node, [...operands, ...flags, '--experimental-sea-config', config]);
  return output;
}

async function main(): Promise<void> {
  const { operands: asked } = readOptions({
    command: 'npm run build:single',
    summary: 'Builds the single executables dist/qn-agent-CPU, of both CPUs where none is named.',
    options: {},
    operands: { value: 'CPU', names: { x64: 'computers', arm64: 'boards' } },
  });
  await build();
  for (const cpu of ['x64', 'arm64'] as const) {
    if (asked.length > 0 && !asked.includes(cpu)) continue;
    const { file, bytes, hasSnapshot } = await buildSingle(cpu);
    const how = hasSnapshot ? 'with a snapshot' : `without a snapshot: ${foreignMissing(cpu)}`;
    console.log(`build: ${file} ${(bytes / 1e6).toFixed(1)} MB, ${how}`);
  }
}

if (import.meta.main) await main();
