import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { lean } from '../../build/bundle.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'qn-lean-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of files of this text, by name; the first one is where it begins. */
async function bundleOf(files: { readonly [name: string]: string }) {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const outfile = path.join(folder, 'out.cjs');
  const [first = ''] = Object.keys(files);
  const { outputFiles } = await build({
    ...{ entryPoints: [path.join(folder, first)], outfile, bundle: true, platform: 'node', format: 'cjs' },
    ...{ nodePaths: [path.resolve('node_modules')], plugins: [...lean], write: false },
  });
  const text = outputFiles[0]?.text ?? '';
  writeFileSync(outfile, text);
  const require = createRequire(outfile);
  delete require.cache[outfile];
  return { text, exports: require(outfile) };
}

describe('what is made lean in a bundle', () => {
  it('takes a module of Node.js once, however it is imported', async () => {
    const { text, exports } = await bundleOf({
      'one.ts': `import path from 'node:path'; export { two } from './two.ts'; export { three } from './three.ts';
                 export const one = path.join('a', 'b');`,
      'two.ts': `import path from 'node:path'; export const two = path.basename('a/b');`,
      'three.ts': `import { dirname } from 'node:path'; export const three = dirname('a/b');`,
    });
    expect(exports).toMatchObject({ one: 'a/b', two: 'b', three: 'a' });
    expect(text.match(/require\("node:path"\)/g)).toHaveLength(1);
  });

  it('makes no more of a schema than what checks with it', async () => {
    const { exports } = await bundleOf({
      'schema.ts': `import * as v from 'valibot';
        export const plain = v.string();
        export const described = v.pipe(plain, v.description('text'));
        export const short = v.pipe(v.string(), v.description('text'), v.maxLength(3, 'too long'), v.title('x'));
        export const issuesOf = (schema, input) => (v.safeParse(schema, input).issues ?? []).map(({ message }) => message);`,
    });
    const { plain, described, short, issuesOf } = exports;
    expect(described).toBe(plain);
    expect(short.pipe).toHaveLength(2);
    expect([plain, short].map((schema) => '~standard' in schema)).toEqual([false, false]);
    expect([issuesOf(short, 'abc'), issuesOf(short, 'abcd')]).toEqual([[], ['too long']]);
    expect(issuesOf(described, 1)).toHaveLength(1);
  });
});
