import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** In the text of valibot: what is looked for, and what stands there in a bundle. */
const changes: readonly (readonly [found: string, instead: string])[] = [
  // Each schema gets an object and a function more for libraries that know no valibot; nobody asks.
  ['schema["~standard"] = {', 'if (false) schema["~standard"] = {'],
  // What only describes has no place here, and a pipe of one thing is that thing.
  [
    'function pipe(...pipe$1) {',
    `function pipe(...all) {
       const pipe$1 = all.filter((item) => item.kind !== 'metadata');
       if (pipe$1.length === 1) return pipe$1[0];`,
  ],
];

/**
 * Each start builds some six hundred valibot objects for the schema of the config. In a bundle, which only checks with them,
 * this makes them a third fewer. Fails when valibot has changed.
 */
export const leanValibot: Plugin = {
  name: 'lean-valibot',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/valibot\/dist\/index\.mjs$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const [found, instead] of changes) {
        const [before = '', ...rest] = contents.split(found);
        if (rest.length !== 1) throw new Error(`${path} has ${rest.length} times, not once: ${found}`);
        contents = `${before}${instead}${rest.join('')}`;
      }
      return { contents, loader: 'js' };
    });
  },
};
