import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build as bundle, type Metafile } from 'esbuild';
import { putBehindFront } from './front.ts';
import { leanCbor } from './lean-cbor.ts';
import { leanValibot } from './lean-valibot.ts';
import { leanYaml } from './lean-yaml.ts';
import { muteSchema } from './mute-schema.ts';
import { nativeFiles } from './native-files.ts';
import { besideParts, lazyParts, partFile, parts } from './parts.ts';
import { leaveOut, type Profile, profileDefines } from './profiles.ts';
import { sharedDefault } from './shared-default.ts';
import { trimPackages } from './stubs.ts';

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
  define: {
    // Undefined, so that code for browsers and debugging falls away.
    navigator: 'undefined',
    window: 'undefined',
  },
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** What makes packages smaller, in the bundle that begins there. */
export const lean = (entry: string) => [trimPackages, leanCbor, leanValibot, leanYaml(entry), sharedDefault];

export interface Bundled {
  readonly bytes: number;
  readonly metafile: Metafile;
}

export interface Program {
  readonly name: string;
  readonly entry: string;
  /** What reads `entry` from its own file and runs it; see agent/kept-code.ts. */
  readonly front?: string;
}

export const agentProgram: Program = { name: 'qn-agent', entry: 'agent/main.ts', front: 'agent/front.ts' };

/** A program, with the list of what is in it beside it. */
export async function bundleProgram(folder: string, program: Program, profile: Profile): Promise<Bundled> {
  const outfile = path.join(folder, `${program.name}.cjs`);
  const read = async (entry: string, options: BuildOptions = {}) => {
    const plugins = [leaveOut(profile), ...lean(entry), muteSchema, nativeFiles('.'), lazyParts('./parts')];
    const all = { ...optionsOf(profile), ...options, entryPoints: [entry], outfile, plugins };
    const { metafile, outputFiles } = await bundle({ ...all, metafile: true, write: false });
    return { metafile, text: outputFiles[0]?.text.trimEnd() ?? '' };
  };
  const { metafile, text } = await read(program.entry);
  const front = program.front === undefined ? undefined : await read(program.front, oneLine);
  const whole = `#!/usr/bin/env node\n${front === undefined ? text : putBehindFront(front.text, text)}\n`;
  checkLazy(outfile, metafile);
  checkBudget(outfile, whole.length);
  await writeFile(outfile, whole);
  await chmod(outfile, 0o755);
  await writeFile(path.join(folder, `${program.name}.meta.json`), JSON.stringify(metafile));
  return { bytes: whole.length, metafile };
}

/** Line breaks in strings are written as such in templates. */
const oneLine: BuildOptions = { supported: { ...bundleOptions.supported, 'template-literal': false } };

export async function bundlePart(folder: string, entry: string, profile: Profile): Promise<Bundled> {
  const outfile = path.join(folder, 'parts', partFile(entry));
  const plugins = [leaveOut(profile), ...lean(entry), nativeFiles('..'), lazyParts('.'), besideParts];
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

function checkBudget(outfile: string, bytes: number): void {
  if (bytes > bundleBytesMax) throw new Error(`${outfile} has ${bytes} bytes; the budget is ${bundleBytesMax}`);
}
