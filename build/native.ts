import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run build:native`: the native files of both CPUs, in `dist/native/linux-<cpu>/`.
 *
 *   epoll.node        compiled from the epoll package against the headers of the pinned Node; onoff needs it
 *   serialport.node   the prebuilt file that comes with the serialport package
 *
 * The epoll file of this CPU is also put into the epoll package itself, where `require('epoll')` looks for it: so onoff
 * runs from source, as in tests, without an install script.
 */
export interface NativeStep {
  readonly output: string;
  readonly outcome: 'built' | 'fresh' | 'copied' | 'skipped';
  /** Why it was skipped. */
  readonly detail?: string;
}

export interface NativeReport {
  readonly steps: readonly NativeStep[];
  /** Whether sysfs GPIO can run on this machine. */
  readonly hasHostAddon: boolean;
}

interface Target {
  readonly cpu: 'x64' | 'arm64';
  readonly compiler: string;
  readonly debianPackage: string;
  readonly serialPrebuild: string;
}

const targets: readonly Target[] = [
  {
    cpu: 'x64',
    compiler: process.arch === 'x64' ? 'g++' : 'x86_64-linux-gnu-g++',
    debianPackage: process.arch === 'x64' ? 'g++' : 'g++-x86-64-linux-gnu',
    serialPrebuild: 'linux-x64/@serialport+bindings-cpp.glibc.node',
  },
  {
    cpu: 'arm64',
    compiler: process.arch === 'arm64' ? 'g++' : 'aarch64-linux-gnu-g++',
    debianPackage: process.arch === 'arm64' ? 'g++' : 'g++-aarch64-linux-gnu',
    serialPrebuild: 'linux-arm64/@serialport+bindings-cpp.armv8.glibc.node',
  },
];

const projectFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const compileMsMax = 300_000;

/** Builds what is missing or stale. Without a compiler it says so in the report; a compiler's error is thrown. */
export function buildNative(folder: string = projectFolder): NativeReport {
  const steps = targets.flatMap((target) => [buildEpoll(folder, target), copySerialport(folder, target)]);
  const hostAddon = join(outputFolder(folder, process.arch), 'epoll.node');
  const hasHostAddon = existsSync(hostAddon);
  if (hasHostAddon) steps.push(copy(hostAddon, join(folder, 'node_modules/epoll/build/Release/epoll.node')));
  return { steps, hasHostAddon };
}

function buildEpoll(folder: string, target: Target): NativeStep {
  const output = join(outputFolder(folder, target.cpu), 'epoll.node');
  const source = join(folder, 'node_modules/epoll/src/epoll.cc');
  const headers = headerFolder(folder);
  if (!existsSync(source)) return { output, outcome: 'skipped', detail: 'the epoll package is not installed' };
  if (headers === undefined)
    return { output, outcome: 'skipped', detail: 'no node-linux-* package with headers is installed' };
  if (!canRun(target.compiler)) {
    return { output, outcome: 'skipped', detail: `no ${target.compiler}; apt-get install ${target.debianPackage}` };
  }
  const draft = `${output}.${process.pid}`;
  const flags = compilerFlags(folder, headers);
  // Times of installed files tell nothing, npm gives them all the same: what went in is written down and compared.
  const stampFile = join(folder, '.cache/native', `linux-${target.cpu}.json`);
  const stamp = JSON.stringify([target.compiler, flags, versions(folder, headers)], undefined, 2);
  if (existsSync(output) && readIfThere(stampFile) === stamp) return { output, outcome: 'fresh' };
  mkdirSync(dirname(output), { recursive: true });
  mkdirSync(dirname(stampFile), { recursive: true });
  compile(target.compiler, [...flags, source, '-o', draft]);
  renameSync(draft, output);
  writeFileSync(stampFile, stamp);
  return { output, outcome: 'built' };
}

function compilerFlags(folder: string, headers: string): readonly string[] {
  const defines = ['NODE_GYP_MODULE_NAME=epoll', 'BUILDING_NODE_EXTENSION', 'USING_UV_SHARED=1', 'USING_V8_SHARED=1'];
  return [
    ...['-shared', '-fPIC', '-O2', '-s', '-std=gnu++20', '-pthread', '-fno-rtti', '-fno-exceptions', '-w'],
    ...defines.map((define) => `-D${define}`),
    ...[`-I${headers}`, `-I${join(folder, 'node_modules/nan')}`],
  ];
}

function compile(compiler: string, flags: readonly string[]): void {
  const run = spawnSync(compiler, flags, { encoding: 'utf8', timeout: compileMsMax });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${compiler} failed with ${run.status ?? run.signal}:\n${run.stderr}`);
}

function copySerialport(folder: string, target: Target): NativeStep {
  const source = join(folder, 'node_modules/@serialport/bindings-cpp/prebuilds', target.serialPrebuild);
  const output = join(outputFolder(folder, target.cpu), 'serialport.node');
  if (!existsSync(source)) return { output, outcome: 'skipped', detail: `there is no ${source}` };
  return copy(source, output);
}

/** By a draft and a rename: a process that has the old file loaded must not see it change. */
function copy(source: string, output: string): NativeStep {
  if (readIfThere(output) === readIfThere(source)) return { output, outcome: 'fresh' };
  mkdirSync(dirname(output), { recursive: true });
  const draft = `${output}.${process.pid}`;
  copyFileSync(source, draft);
  renameSync(draft, output);
  return { output, outcome: 'copied' };
}

function outputFolder(folder: string, cpu: string): string {
  return join(folder, 'dist/native', `linux-${cpu}`);
}

/** The headers are the same for both CPUs: whichever package is there will do. */
function headerFolder(folder: string): string | undefined {
  const packages = targets.map(({ cpu }) => join(folder, `node_modules/node-linux-${cpu}/include/node`));
  return packages.find((headers) => existsSync(join(headers, 'node.h')));
}

function versions(folder: string, headers: string): readonly string[] {
  const files = [
    join(headers, 'node_version.h'),
    ...['epoll', 'nan'].map((name) => join(folder, 'node_modules', name, 'package.json')),
  ];
  return files.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
}

function canRun(compiler: string): boolean {
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
}

function main(): void {
  const { steps, hasHostAddon } = buildNative();
  for (const { output, outcome, detail } of steps) {
    console.log(`${outcome.padEnd(7)} ${output}${detail === undefined ? '' : `: ${detail}`}`);
  }
  process.exitCode = hasHostAddon ? 0 : 69;
}

if (import.meta.main) main();
