import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashOf } from '../agent/health/hash.ts';
import { type Manifest, manifestName } from '../agent/health/tests/code.ts';
import { agentVersion } from '../agent/version.ts';
import { filesBelow } from './files-below.ts';

/** What runs on a board; not what people read. */
const released = /^(qn-agent|qnctl)\.cjs$|^(parts|native)\//;

/** Writes down what was built, so that a board can tell whether it still has it. The last step of the build. */
export async function writeManifest(outFolder: string): Promise<void> {
  const files = (await filesBelow(outFolder)).filter((file) => released.test(file));
  const manifest: Manifest = {
    version: agentVersion,
    files: Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await hashOf(path.join(outFolder, file))])),
    ),
    node: await nodeOf(),
  };
  await writeFile(path.join(outFolder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The runtime as the packages of this project bring it, for each CPU that is installed here. */
async function nodeOf(): Promise<Manifest['node']> {
  const binaries: { [arch: string]: string } = { [process.arch]: await hashOf(process.execPath) };
  for (const arch of ['arm64', 'x64']) {
    const folder = path.join('node_modules', `node-linux-${arch}`);
    if (!existsSync(folder)) continue;
    const { version }: { version: string } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    if (`v${version}` === process.version) binaries[arch] = await hashOf(path.join(folder, 'bin', 'node'));
  }
  return { version: process.version, binaries };
}
