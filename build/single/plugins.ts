import path from 'node:path';
import type { Plugin } from 'esbuild';
import { loadAddons } from '../native-files.ts';
import { partFile, partOf } from '../parts.ts';

/** Modules that are other ones in a single executable, because there are no files beside it. */
const replaced: { readonly [module: string]: string } = {
  'agent/guard/guard-command.ts': 'agent/single/guard-command.ts',
  'agent/store/store-program.ts': 'agent/single/store-program.ts',
  'agent/cli/own-code.ts': 'agent/single/own-code.ts',
  'agent/observe/beside-parts.ts': 'agent/single/beside-parts.ts',
  'drivers/native/addon-file.ts': 'agent/single/addon-file.ts',
};

/** Everything is looked for inside of the program. */
export const insideOfProgram: Plugin = {
  name: 'inside-of-program',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path: specifier, resolveDir, importer }) => {
      const place = path.relative(process.cwd(), path.resolve(resolveDir, specifier));
      const other = importer.includes('/agent/single/') ? undefined : replaced[place];
      return other === undefined ? undefined : { path: path.resolve(other) };
    });
    loadAddons(build, './agent/single/addon-file.ts');
  },
};

/** A part is compiled when it is imported for the first time. */
export const partsInside: Plugin = {
  name: 'parts-inside',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path: specifier, resolveDir }) => {
      const part = kind === 'dynamic-import' ? partOf(resolveDir, specifier) : undefined;
      return part === undefined ? undefined : { path: partFile(part), namespace: 'part' };
    });
    build.onLoad({ filter: /.*/, namespace: 'part' }, ({ path: file }) => ({
      contents: `module.exports = require('./agent/single/part.ts').loadPart('${file}');`,
      loader: 'js',
      resolveDir: process.cwd(),
    }));
  },
};
