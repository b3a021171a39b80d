import { copyFile, cp, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { agentProgram, bundlePart, bundleProgram } from './bundle.ts';
import { writeManifest } from './manifest.ts';
import { parts } from './parts.ts';
import { featureFiles, leftOutIn, type Profile } from './profiles.ts';

export interface ProfileReport {
  readonly folder: string;
  readonly programBytes: number;
  readonly partsBytes: number;
  /** For one CPU: this machine's. */
  readonly nativeBytes: number;
  /** What esbuild put into the program and its parts. */
  readonly metafiles: readonly Metafile[];
}

/** `dist/profiles/NAME`: the agent without what the profile leaves out. `dist` must be built. */
export async function buildProfile(outFolder: string, profile: Profile): Promise<ProfileReport> {
  const folder = path.join(outFolder, 'profiles', profile);
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'parts'), { recursive: true });
  const lacking = leftOutIn(profile).map((feature) => featureFiles[feature]);
  const program = await bundleProgram(folder, agentProgram, profile);
  const goneParts = new Set(lacking.flatMap((files) => files.parts ?? []));
  const built = [];
  for (const entry of parts.filter((part) => !goneParts.has(part)))
    built.push(await bundlePart(folder, entry, profile));
  const hasHttp = !leftOutIn(profile).includes('http');
  for (const file of hasHttp ? ['status-page.html', 'openapi.json'] : [])
    await copyFile(path.join(outFolder, 'parts', file), path.join(folder, 'parts', file));
  const nativeBytes = await copyNative(outFolder, folder, new Set(lacking.map(({ native }) => native)));
  await writeManifest(folder);
  return {
    folder,
    programBytes: program.bytes,
    partsBytes: built.reduce((sum, { bytes }) => sum + bytes, 0),
    nativeBytes,
    metafiles: [program, ...built].map(({ metafile }) => metafile),
  };
}

/** For both CPUs; returns the bytes of this machine's. */
async function copyNative(from: string, to: string, gone: ReadonlySet<string | undefined>): Promise<number> {
  let bytes = 0;
  for (const cpu of ['arm64', 'x64'])
    for (const file of ['gpiochip.node', 'epoll.node', 'serialport.node'].filter((name) => !gone.has(name))) {
      const source = path.join(from, 'native', `linux-${cpu}`, file);
      const { size } = await stat(source).catch(() => ({ size: 0 })); // Not built here: no compiler.
      if (size === 0) continue;
      await cp(source, path.join(to, 'native', `linux-${cpu}`, file));
      if (cpu === process.arch) bytes += size;
    }
  return bytes;
}
