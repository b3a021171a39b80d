import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Leaves out what the schema of the config says to editors: on a board nobody reads it. The schema file of a release is
 * made from the sources, where it stays.
 */
export const muteSchema: Plugin = {
  name: 'mute-schema',
  setup(build) {
    build.onLoad({ filter: /\/agent\/config\/schema(\/[\w-]+)?\.ts$/ }, async ({ path }) => ({
      contents: withoutTexts(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

const text = /(?:'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`)/.source;

function withoutTexts(source: string): string {
  return source
    .replaceAll(new RegExp(String.raw`\bv\.description\(\s*(about|${text}),?\s*\),?`, 'g'), '')
    .replaceAll('v.examples([example]),', '')
    .replaceAll(new RegExp(String.raw`\babout: ${text}`, 'g'), "about: ''");
}
