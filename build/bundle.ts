import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build as bundle, type Metafile } from 'esbuild';
import { muteSchema } from './mute-schema.ts';
import { besideParts, lazyParts, partFile, parts } from './parts.ts';
import { leaveOut, type Profile, profileDefines } from './profiles.ts';
import { nativeFiles, trimPackages } from './stubs.ts';

/** Minified, in bytes. Over it the build fails: somebody pulled in a package that a board does not need. */
const bundleBytesMax = 700_000;

/** Of every bundle. */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  metafile: true,
  supported: { 'dynamic-import': false }, // It becomes `require`, which needs no loader of ES modules, and runs as kept code.
  external: ['cbor-extract'], // Optional native part of cbor-x; we do without it.
  define: { 'process.env.NODE_DEBUG': 'undefined' },
  logLevel: 'warning',
} as const satisfies BuildOptions;

export interface Bundled {
  readonly bytes: number;
  readonly metafile: Metafile;
}

/** A program, with the list of what is in it beside it. */
export async function bundleProgram(folder: string, name: string, entry: string, profile: Profile): Promise<Bundled> {
  const outfile = path.join(folder, `${name}.cjs`);
  const banner = { js: '#!/usr/bin/env node' };
  const plugins = [leaveOut(profile), trimPackages, muteSchema, nativeFiles('.'), lazyParts('./parts')];
  const { metafile } = await bundle({ ...optionsOf(profile), entryPoints: [entry], outfile, banner, plugins });
  const bytes = checkBudget(outfile, metafile);
  checkLazy(outfile, metafile);
  await writeFile(path.join(folder, `${name}.meta.json`), JSON.stringify(metafile));
  await chmod(outfile, 0o755);
  return { bytes, metafile };
}

export async function bundlePart(folder: string, entry: string, profile: Profile): Promise<Bundled> {
  const outfile = path.join(folder, 'parts', partFile(entry));
  const plugins = [leaveOut(profile), trimPackages, nativeFiles('..'), lazyParts('.'), besideParts];
  const { metafile } = await bundle({ ...optionsOf(profile), entryPoints: [entry], outfile, plugins });
  return { bytes: metafile.outputs[outfile]?.bytes ?? 0, metafile };
}

function optionsOf(profile: Profile) {
  return { ...bundleOptions, define: { ...bundleOptions.define, ...profileDefines(profile) } };
}

/** A part that is also imported without `import()` would be loaded at every start. */
function checkLazy(outfile: string, { inputs }: Metafile): void {
  const eager = parts.filter((entry) => entry in inputs);
  if (eager.length > 0) throw new Error(`${outfile} contains ${eager.join(', ')}; load a part with import() only`);
}

function checkBudget(outfile: string, metafile: Metafile): number {
  const bytes = metafile.outputs[outfile]?.bytes ?? 0;
  if (bytes > 0 && bytes <= bundleBytesMax) return bytes;
  throw new Error(`${outfile} has ${bytes} bytes; the budget is ${bundleBytesMax}`);
}
