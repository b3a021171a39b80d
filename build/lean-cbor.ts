import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * `cbor-x/index-no-eval` is a single file, so a bundle gets all of it. This takes the modules it was built from instead, with
 * the same change: no text is evaluated as code. Fails when the package has changed.
 */
export const leanCbor: Plugin = {
  name: 'lean-cbor',
  setup(build) {
    const folder = path.resolve('node_modules/cbor-x');
    build.onResolve({ filter: /^cbor-x\/index-no-eval$/ }, () => ({ path: path.join(folder, 'index.js') }));
    build.onLoad({ filter: /\/node_modules\/cbor-x\/decode\.js$/ }, async ({ path: file }) => {
      const [before = '', ...after] = (await readFile(file, 'utf8')).split('new Function(');
      const isAsItWas = after.length === 3 && before.includes('\nvar BlockedFunction ');
      if (!isAsItWas) throw new Error(`${file} makes functions of texts in other places than it did`);
      return { contents: [before, ...after].join('new BlockedFunction('), loader: 'js' };
    });
  },
};
