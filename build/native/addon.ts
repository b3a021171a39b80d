import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputFolder, type Target } from './target.ts';

export interface NativeStep {
  readonly output: string;
  readonly outcome: 'built' | 'fresh' | 'copied' | 'skipped';
  /** Why it was skipped. */
  readonly detail?: string;
}

/** A native file compiled in one call of the compiler. */
export interface Addon {
  /** `epoll`: of the file, without its end. */
  readonly name: string;
  readonly compiler: 'gcc' | 'g++';
  readonly flags: readonly string[];
  readonly sources: readonly string[];
  /** What else goes into it: it is built anew when one of these has changed. */
  readonly inputs: readonly string[];
}

const compileMsMax = 300_000;

export function buildAddon(addon: Addon, target: Target): NativeStep {
  const output = join(outputFolder(target.cpu), `${addon.name}.node`);
  const compiler = target.compilerPrefix + addon.compiler;
  const absent = addon.sources.find((source) => !existsSync(source));
  if (absent !== undefined) return { output, outcome: 'skipped', detail: `there is no ${absent}` };
  if (!canRun(compiler)) {
    const detail = `no ${compiler}; apt-get install ${addon.compiler}${target.packageSuffix}`;
    return { output, outcome: 'skipped', detail };
  }
  // Times of installed files tell nothing, npm gives them all the same: what went in is written down and compared.
  const stampFile = join('.cache/native', `${addon.name}-linux-${target.cpu}.json`);
  const stamp = JSON.stringify([compiler, addon.flags, hashes(addon)], undefined, 2);
  if (existsSync(output) && readIfThere(stampFile) === stamp) return { output, outcome: 'fresh' };
  for (const file of [output, stampFile]) mkdirSync(dirname(file), { recursive: true });
  const draft = `${output}.${process.pid}`;
  compile(compiler, [...addon.flags, ...addon.sources, '-o', draft]);
  renameSync(draft, output);
  writeFileSync(stampFile, stamp);
  return { output, outcome: 'built' };
}

export function compile(compiler: string, flags: readonly string[]): void {
  const run = spawnSync(compiler, flags, { encoding: 'utf8', timeout: compileMsMax });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${compiler} failed with ${run.status ?? run.signal}:\n${run.stderr}`);
}

export function canRun(compiler: string): boolean {
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** By a draft and a rename: a process that has the old file loaded must not see it change. */
export function copyNative(source: string, output: string): NativeStep {
  if (readIfThere(output) === readIfThere(source)) return { output, outcome: 'fresh' };
  mkdirSync(dirname(output), { recursive: true });
  const draft = `${output}.${process.pid}`;
  copyFileSync(source, draft);
  renameSync(draft, output);
  return { output, outcome: 'copied' };
}

function hashes({ sources, inputs }: Addon): readonly string[] {
  return [...sources, ...inputs].map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
}
