import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build as bundle, type Metafile } from 'esbuild';
import { writeManifest } from './manifest.ts';
import { muteSchema } from './mute-schema.ts';
import { buildNative } from './native.ts';
import { writeOpenApi } from './openapi.ts';
import { buildPage } from './page.ts';
import { besideParts, lazyParts, partFile, parts } from './parts.ts';
import { writeConfigSchema } from './schema.ts';
import { nativeFiles, trimPackages } from './stubs.ts';

/** Folder of what is released: two programs, their parts and native files, the schema of the config and an example. */
export const outFolder = 'dist';

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
  external: ['cbor-extract'], // Optional native part of cbor-x; we do without it.
  define: { 'process.env.NODE_DEBUG': 'undefined' },
  logLevel: 'warning',
} as const satisfies BuildOptions;

const entries = { 'qn-agent': 'agent/main.ts', qnctl: 'agent/qnctl.ts' } as const;

/** Builds everything into `dist`; what did not change is quick. */
export async function build(): Promise<void> {
  await mkdir(outFolder, { recursive: true });
  for (const [name, entry] of Object.entries(entries)) await buildProgram(name, entry);
  for (const entry of parts) await buildPart(entry);
  await writeOpenApi(path.join(outFolder, 'parts'));
  const pageBytes = await buildPage(path.join(outFolder, 'parts'));
  console.log(`build: ${outFolder}/parts/status-page.html ${Math.round(pageBytes / 1_000)} kB`);
  for (const { output, outcome, detail } of buildNative().steps) {
    if (outcome === 'skipped') console.log(`build: ${output} skipped: ${detail ?? 'no reason given'}`);
  }
  await writeConfigSchema(outFolder);
  await copyFile('build/config/example.yaml', path.join(outFolder, 'example.yaml'));
  await writeManifest(outFolder);
}

async function buildProgram(name: string, entry: string): Promise<void> {
  const outfile = path.join(outFolder, `${name}.cjs`);
  const banner = { js: '#!/usr/bin/env node' };
  const plugins = [trimPackages, muteSchema, nativeFiles('.'), lazyParts('./parts')];
  const { metafile } = await bundle({
    ...bundleOptions,
    entryPoints: [entry],
    outfile,
    banner,
    plugins,
    metafile: true,
  });
  const bytes = checkBudget(outfile, metafile);
  checkLazy(outfile, metafile);
  await writeFile(path.join(outFolder, `${name}.meta.json`), JSON.stringify(metafile));
  await chmod(outfile, 0o755);
  console.log(`build: ${outfile} ${Math.round(bytes / 1_000)} kB`);
}

async function buildPart(entry: string): Promise<void> {
  const outfile = path.join(outFolder, 'parts', partFile(entry));
  const plugins = [trimPackages, nativeFiles('..'), lazyParts('.'), besideParts];
  const { metafile } = await bundle({ ...bundleOptions, entryPoints: [entry], outfile, plugins, metafile: true });
  console.log(`build: ${outfile} ${Math.round((metafile.outputs[outfile]?.bytes ?? 0) / 1_000)} kB`);
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

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
