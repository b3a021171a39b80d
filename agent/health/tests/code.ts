import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf } from '../../../drivers/system-error.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { cutInstallationFix } from '../../missing-part.ts';
import { hashOf } from '../hash.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass, skip, verdict } from './outcome.ts';
import { checkAssets, checkProgram, type SingleCode } from './single-code.ts';

export const manifestName = 'manifest.json';

/** What the build writes beside the bundle. */
export interface Manifest {
  readonly version: string;
  /** SHA-256 by path below the folder of the manifest. */
  readonly files: { readonly [file: string]: string };
  readonly node: {
    readonly version: string;
    /** SHA-256 of the binary by `arm64`, `x64`; those that were there when it was built. */
    readonly binaries: { readonly [arch: string]: string };
  };
}

export interface CodeSubjects {
  /** Where the running bundle lies. */
  readonly folder: string;
  /** The bundle is run from its sources: there is nothing to compare. */
  readonly isFromSource: boolean;
  /** Files for another CPU may be missing. */
  readonly platform: string;
  readonly nodeBinary: string;
  readonly nodeVersion: string;
  readonly arch: string;
  /** Everything is in one file, which brings its own Node.js. */
  readonly single?: SingleCode;
}

/** The files of the agent are the ones that were built. A file of another CPU, or of a part that was left out, may be missing. */
export function codeTest(subjects: CodeSubjects): AtomicTest {
  return {
    id: 'code.files',
    title: 'files of the agent are the ones that were built',
    async run(): Promise<TestResult> {
      if (subjects.single !== undefined) return await checkAssets(subjects.single);
      if (subjects.isFromSource) return skip('run from its sources, not from a bundle');
      const manifest = await readManifest(subjects.folder);
      if (typeof manifest === 'string')
        return failed(manifest, `copy ${manifestName} along, or install the agent again`);
      const files = Object.entries(manifest.files);
      const wrong: string[] = [];
      // One after the other: the agent has other work, and Node.js four threads.
      for (const [file, expected] of files) wrong.push(...(await faultsOf(subjects, file, expected)));
      return verdict(wrong, `${files.length} files of version ${manifest.version}`, cutInstallationFix);
    },
  };
}

/** The runtime is the one that was tested with. Its binary has 100 MB: a second on a slow board. */
export function nodeTest(subjects: CodeSubjects): AtomicTest {
  return {
    id: 'code.node',
    title: 'Node.js is the one it was built with',
    deadlineMs: 15_000,
    async run(): Promise<TestResult> {
      if (subjects.single !== undefined) return await checkProgram(subjects.single);
      if (subjects.isFromSource) return skip('run from its sources, not from a bundle');
      const manifest = await readManifest(subjects.folder);
      if (typeof manifest === 'string')
        return failed(manifest, `copy ${manifestName} along, or install the agent again`);
      const { version, binaries } = manifest.node;
      const expected = binaries[subjects.arch];
      if (version !== subjects.nodeVersion) {
        const advice = `install Node.js ${version} to run what was tested`;
        return skip(`built with ${version}, runs on ${subjects.nodeVersion}: not compared`, advice);
      }
      if (expected === undefined) return skip(`the build had no Node.js for ${subjects.arch}: not compared`);
      const found = await hashOf(subjects.nodeBinary);
      if (found === expected) return pass(`${version}, ${found.slice(0, 12)}…`);
      return failed(
        `${subjects.nodeBinary} is not the ${version} it was built with`,
        `install Node.js ${version} again`,
      );
    },
  };
}

async function faultsOf(subjects: CodeSubjects, file: string, expected: string): Promise<readonly string[]> {
  try {
    const found = await hashOf(path.join(subjects.folder, file));
    return found === expected ? [] : [`${file} is not the one that was built`];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isNeeded(file, subjects.platform)) return [];
    return [`${file}: ${messageOf(error)}`];
  }
}

/** Files of another CPU are left out on purpose, and so are qnctl and what only people read. */
function isNeeded(file: string, platform: string): boolean {
  if (file.startsWith('native/')) return file.startsWith(`native/${platform}/`);
  return file === 'qn-agent.cjs' || file.startsWith('parts/');
}

/** A sentence when it cannot be used. */
async function readManifest(folder: string): Promise<Manifest | string> {
  const file = path.join(folder, manifestName);
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    return manifestOf(parsed) ?? `${file} is no manifest`;
  } catch (error) {
    return `cannot read ${file}: ${messageOf(error)}`;
  }
}

function manifestOf(value: unknown): Manifest | undefined {
  if (!isPlainMap(value)) return undefined;
  const { version, files, node } = value;
  if (typeof version !== 'string' || !isTexts(files) || !isPlainMap(node)) return undefined;
  const { version: nodeVersion, binaries } = node;
  if (typeof nodeVersion !== 'string' || !isTexts(binaries)) return undefined;
  return { version, files, node: { version: nodeVersion, binaries } };
}

function isTexts(value: unknown): value is { readonly [key: string]: string } {
  return isPlainMap(value) && Object.values(value).every((text) => typeof text === 'string');
}
