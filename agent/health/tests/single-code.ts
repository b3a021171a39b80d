import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { nextTurn } from '../../clock.ts';
import { hashOf } from '../hash.ts';
import type { TestResult } from '../self-test.ts';
import { failed, pass, skip, verdict } from './outcome.ts';

/** The code of a single executable: what was put into it, and the file it is. */
export interface SingleCode {
  /** SHA-256 by name, as built. */
  readonly assets: { readonly [name: string]: string };
  /** Undefined: it is not there. */
  asset(name: string): Uint8Array | undefined;
  /** The file that runs. Its own sum cannot be in it; it is in a file of the same name with `.sha256` behind it. */
  readonly program: string;
}

const fix = 'install the agent again: the storage card or somebody changed its code';

export async function checkAssets({ assets, asset }: SingleCode): Promise<TestResult> {
  const names = Object.keys(assets);
  const wrong: string[] = [];
  for (const name of names) {
    const bytes = asset(name);
    const found = bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
    if (found !== assets[name]) wrong.push(name);
    await nextTurn();
  }
  const faults = wrong.map((name) => `${name} is not the one that was built`);
  return verdict(faults, `${names.length} files inside of the program`, fix);
}

export async function checkProgram({ program }: SingleCode): Promise<TestResult> {
  const file = `${program}.sha256`;
  const expected = await readSum(file);
  if (expected === undefined) return skip(`there is no ${file}: not compared`, 'copy it beside the program');
  const found = await hashOf(program);
  if (found === expected) return pass(`${process.version} and the agent in one file, ${found.slice(0, 12)}…`);
  return failed(`${program} is not what ${file} says`, fix);
}

/** As sha256sum(1) writes it. */
async function readSum(file: string): Promise<string | undefined> {
  try {
    return /^[0-9a-f]{64}/.exec(await readFile(file, 'utf8'))?.[0];
  } catch {
    return undefined; // Then there is nothing to compare with.
  }
}
