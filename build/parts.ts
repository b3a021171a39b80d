import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Modules that are loaded when they are needed, with `await import()`, and not before. Each becomes a bundle of its own
 * in `dist/parts`, so that it costs a board that does not use it neither memory nor time at start-up. A part carries its own
 * copy of what it imports: it must not rely on classes or symbols being the same as those of the program. Drivers of pins
 * and serial lines are no parts: the bundle and its native files do the main job alone.
 */
export const parts: readonly string[] = [
  'agent/store/store-thread.ts', // Run by `new Worker`.
  'agent/guard/guard-part.ts', // Run as a process.
  'agent/config/push/office.ts',
  'agent/config/control/control-server.ts', // Of no use without the one above.
  'agent/documents/mcu/open-mcu.ts',
  'agent/observe/local-http.ts',
  'agent/cli/completion.ts',
  'agent/home-assistant/announcer.ts',
  'agent/cli/flash-mcu-run.ts',
  'agent/cli/selftest-run.ts',
  'agent/topics/print-topics.ts',
  'agent/cli/doctor-run.ts',
  'agent/health/full-tests.ts',
  'agent/health/tests/code.ts',
  'agent/trust/signer.ts',
  'agent/trust/verifier.ts',
  'agent/cli/board-config-run.ts',
];

/** Files that a part reads at run time lie beside it. */
export const besideParts: Plugin = {
  name: 'beside-parts',
  setup(build) {
    build.onLoad({ filter: /\/agent\/observe\/beside-parts\.ts$/ }, () => ({
      contents: `import { readFile } from 'node:fs/promises'; import { join } from 'node:path';
        export const readBesideParts = (file) => readFile(join(__dirname, file), 'utf8');`,
      loader: 'js',
    }));
  },
};

export function partFile(entry: string): string {
  return `${path.basename(entry, '.ts')}.cjs`;
}

/** The part that is imported so from this folder; undefined: it is none. */
export function partOf(folder: string, specifier: string): string | undefined {
  const place = path.join(realpathSync(folder), specifier); // The folder of the project may be made of links.
  return parts.find((entry) => realpathSync(entry) === place);
}

/** Leaves `import()` of a part to run time. `folder` is where the parts are, seen from the bundle that is being built. */
export function lazyParts(folder: './parts' | '.'): Plugin {
  return {
    name: 'lazy-parts',
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path: specifier, resolveDir }) => {
        const part = kind === 'dynamic-import' ? partOf(resolveDir, specifier) : undefined;
        return part === undefined ? undefined : { path: `${folder}/${partFile(part)}`, external: true };
      });
    },
  };
}
