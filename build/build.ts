import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { agentProgram, bundlePart, bundleProgram } from './bundle.ts';
import { writeManifest } from './manifest.ts';
import { buildNative } from './native.ts';
import { writeOpenApi } from './openapi.ts';
import { buildPage } from './page.ts';
import { partFile, parts } from './parts.ts';
import { buildProfile } from './profile-build.ts';
import { isProfile, profileNames } from './profiles.ts';
import { writeConfigSchema } from './schema.ts';
import { readOptions } from './script-options.ts';

/** Folder of what is released: two programs, their parts and native files, the schema of the config and an example. */
export const outFolder = 'dist';

const programs = [agentProgram, { name: 'qnctl', entry: 'agent/qnctl.ts' }];

/** Builds everything into `dist`; what did not change is quick. */
export async function build(): Promise<void> {
  await mkdir(outFolder, { recursive: true });
  for (const program of programs) {
    const { bytes } = await bundleProgram(outFolder, program, 'full');
    tell(`${program.name}.cjs`, bytes);
  }
  for (const entry of parts) {
    const { bytes } = await bundlePart(outFolder, entry, 'full');
    tell(`parts/${partFile(entry)}`, bytes);
  }
  await writeOpenApi(path.join(outFolder, 'parts'));
  tell('parts/status-page.html', await buildPage(path.join(outFolder, 'parts')));
  for (const { output, outcome, detail } of buildNative().steps) {
    if (outcome === 'skipped') console.log(`build: ${output} skipped: ${detail ?? 'no reason given'}`);
  }
  await writeConfigSchema(outFolder);
  await copyFile('build/config/example.yaml', path.join(outFolder, 'example.yaml'));
  await writeManifest(outFolder);
}

function tell(file: string, bytes: number): void {
  console.log(`build: ${outFolder}/${file} ${Math.round(bytes / 1_000)} kB`);
}

async function main(): Promise<void> {
  const { values } = readOptions({
    command: 'npm run build',
    summary: 'Builds the programs, their parts, native files and the schema of the config into dist.',
    options: {
      profile: {
        ...{ type: 'string', multiple: true, value: 'NAME', names: profileNames },
        help: 'also an agent without what its boards do not need, in dist/profiles; as often as wanted',
      },
    },
  });
  const asked = values.profile ?? [];
  await build(); // First: it brings the native files.
  for (const profile of asked.filter((name) => isProfile(name))) {
    if (profile === 'full') continue;
    const { folder, programBytes, partsBytes, nativeBytes } = await buildProfile(outFolder, profile);
    const kilobytes = [programBytes, partsBytes, nativeBytes].map((bytes) => Math.round(bytes / 1_000));
    console.log(
      `build: ${folder} program ${kilobytes[0]} kB, parts ${kilobytes[1]} kB, native files ${kilobytes[2]} kB`,
    );
  }
}

if (import.meta.main) await main();
