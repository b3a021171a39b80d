import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/** Where a bundle begins that also writes YAML. All others only read it. */
const writers: readonly string[] = ['agent/qnctl.ts', 'agent/cli/board-config-run.ts'];

/** What is taken of the package where YAML is only read. */
const reading = `
  export { Composer } from './compose/composer.js';
  export { YAMLParseError } from './errors.js';
  export { isAlias, isMap, isNode, isScalar, isSeq } from './nodes/identity.js';
  export { Lexer } from './parse/lexer.js';
  export { LineCounter } from './parse/line-counter.js';
  export { Parser } from './parse/parser.js';
  export { stringify } from 'writing';`;

/** Tags of YAML 1.1, which stand in lists. We read YAML 1.2, whatever a file says of itself. */
const oldTags = /\/node_modules\/yaml\/browser\/dist\/schema\/yaml-1\.1\/(binary|omap|pairs|schema|set|timestamp)\.js$/;

/** Files that make a text of a document, or values, or a document of values; and editing of tokens. */
const writing =
  /\/node_modules\/yaml\/browser\/dist\/(stringify\/\w+|visit|doc\/(applyReviver|createNode)|nodes\/addPairToJSMap|parse\/cst-visit)\.js$/;

/**
 * The package also ships ES modules, for browsers. From these a bundle gets only what it uses, and direct calls instead of
 * calls through `exports`. A function that was left out throws, and says so, when it is called all the same.
 */
export function leanYaml(entry: string): Plugin {
  const folder = path.resolve('node_modules/yaml/browser/dist');
  const isWriter = writers.includes(entry);
  return {
    name: 'lean-yaml',
    setup(build) {
      build.initialOptions.metafile = true;
      build.onResolve({ filter: /^yaml$/ }, () =>
        isWriter ? { path: path.join(folder, 'index.js') } : { path: 'reading', namespace: 'yaml' },
      );
      build.onResolve({ filter: /./, namespace: 'yaml' }, ({ path: name }) =>
        name === 'writing' ? { path: name, namespace: 'yaml', sideEffects: false } : undefined,
      );
      build.onLoad({ filter: /^reading$/, namespace: 'yaml' }, () => ({ contents: reading, resolveDir: folder }));
      build.onLoad({ filter: /^writing$/, namespace: 'yaml' }, () => ({ contents: instead(absent, 'stringify') }));
      build.onLoad({ filter: oldTags }, async ({ path: file }) => ({
        contents: instead('const absent = undefined;', await exportsOf(file)),
      }));
      if (isWriter) return;
      build.onLoad({ filter: writing }, async ({ path: file }) => ({
        contents: instead(absent, await exportsOf(file)),
      }));
      // Not before: whoever imports it may be left out himself.
      build.onEnd(({ metafile }) => {
        const written = Object.values(metafile?.outputs ?? {}).map(({ inputs }) => inputs['yaml:writing']);
        const isAsked = written.some((file) => file !== undefined && file.bytesInOutput > 0);
        return isAsked ? { errors: [{ text: `${entry} writes YAML, and is no writer in build/lean-yaml.ts` }] } : {};
      });
    },
  };
}

const absent = `function absent() { throw new Error('this bundle only reads YAML (build/lean-yaml.ts)'); }`;

function instead(code: string, names: string): string {
  const exported = names.split(', ').map((name) => `absent as ${name}`);
  return `${code} export { ${exported.join(', ')} };`;
}

async function exportsOf(file: string): Promise<string> {
  const [, names] = /^export \{ (.+) \};$/m.exec(await readFile(file, 'utf8')) ?? [];
  if (names === undefined) throw new Error(`${file} does not say what it exports as it did`);
  return names;
}
