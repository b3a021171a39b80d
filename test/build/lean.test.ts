import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as cbor from 'cbor-x/index-no-eval';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseYaml } from '../../agent/config/parse-yaml.ts';
import { lean } from '../../build/bundle.ts';
import { faultCases } from '../agent/config/cases/all-cases.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'qn-lean-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of files of this text, by name; the first one is where it begins, made lean as if that were `entry`. */
async function bundleOf(files: { readonly [name: string]: string }, entry = Object.keys(files)[0] ?? '') {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const outfile = path.join(folder, 'out.cjs');
  const [first = ''] = Object.keys(files);
  const { outputFiles } = await build({
    ...{ entryPoints: [path.join(folder, first)], outfile, bundle: true, platform: 'node', format: 'cjs' },
    ...{ nodePaths: [path.resolve('node_modules')], plugins: lean(entry), write: false, logLevel: 'silent' },
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

  it('makes a log without a look at who asked for it', async () => {
    const { text, exports } = await bundleOf({ 'log.ts': `import pino from 'pino'; export { pino };` });
    expect(text).not.toContain('getCallSite');
    const lines: string[] = [];
    exports.pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) }).info('said');
    expect(lines).toEqual(['{"level":30,"msg":"said"}\n']);
  });

  it('has the CBOR of its package, of which no text becomes code', async () => {
    const { text, exports } = await bundleOf({
      'cbor.ts': `export { Decoder, Encoder } from 'cbor-x/index-no-eval';`,
    });
    expect(text).toContain('new BlockedFunction(');
    expect(text).not.toMatch(/new Function\(|decodeIter/);
    for (const options of [
      { useRecords: false, mapsAsObjects: false, tagUint8Array: false, copyBuffers: true }, // agent/qn/cbor-codec.ts
      { useRecords: false, mapsAsObjects: true, tagUint8Array: false, variableMapSize: true }, // firmware-bridge/smp/cbor.ts
    ]) {
      const ours = { encoder: new exports.Encoder(options), decoder: new exports.Decoder(options) };
      const theirs = { encoder: new cbor.Encoder(options), decoder: new cbor.Decoder(options) };
      fc.assert(
        fc.property(fc.object({ withBigInt: true, withMap: true, withNullPrototype: true }), (value) => {
          const bytes = Uint8Array.from(ours.encoder.encode(value));
          expect(bytes).toEqual(Uint8Array.from(theirs.encoder.encode(value)));
          expect(ours.decoder.decode(bytes)).toEqual(theirs.decoder.decode(bytes));
        }),
      );
    }
  });

  it('reads YAML as its package does, whatever the text', async () => {
    const { text, exports } = await bundleOf({
      'parse.ts': `export { parseYaml } from ${JSON.stringify(path.resolve('agent/config/parse-yaml.ts'))};`,
    });
    expect(text).toContain('this bundle only reads YAML'); // Or it is not the lean one that is tried.
    const same = (yaml: string) => expect(exports.parseYaml(yaml, 'c')).toEqual(parseYaml(yaml, 'c'));
    for (const yaml of yamlTexts) same(yaml);
    expect(exports.parseYaml(yamlTexts[0], 'c')).toMatchObject({ ok: true });
    const snippets = fc.constantFrom(...yamlTexts, ...Object.values(faultCases).map(({ yaml }) => yaml));
    const marks = fc.constantFrom(
      ...`[]{}:,-?&*!|>'"%@#\n\t \0`.split(''),
      '---',
      '...',
      '<<: ',
      '!!',
      '\n  ',
      '\uFEFF',
    );
    const pieces = fc.array(fc.oneof(marks, snippets, fc.string()), { maxLength: 9 });
    fc.assert(
      fc.property(pieces, fc.nat(), (parts, cut) => {
        const yaml = parts.join('');
        same(yaml);
        same(yaml.slice(cut % (yaml.length + 1)));
      }),
      { numRuns: 100 },
    );
  });

  const writer = {
    'write.ts': `import { stringify } from 'yaml'; export const text = stringify({ a: [1, 'on: x'] });`,
  };

  it('has what writes YAML only where that is known', async () => {
    await expect(bundleOf(writer)).rejects.toThrow(/write\.ts writes YAML, and is no writer in build\/lean-yaml\.ts/);
    const { exports } = await bundleOf(writer, 'agent/qnctl.ts');
    expect(exports.text).toBe('a:\n  - 1\n  - "on: x"\n');
  });
});

const yamlTexts = [
  `a: &x { b: [1, -0x1F, 0o17, 1.5e3, .inf, ~, on, yes, "q\\u00e9\\n", 'it''s'] }\nc: *x\n`,
  'text: |2-\n    two\n   more\nfolded: >+\n  a\n  b\n\n    c\n\n# end\n',
  '%YAML 1.1\n---\na: yes\nb: 0b101\nc: 2026-01-02\n<<: { d: 1 }\n? [e]\n: f\n...\n',
  '%TAG !e! tag:example,2026:\n---\n!e!x { a: !!binary aGVsbG8=, b: !!set { c }, d: !!timestamp 2026-01-02, e: !!omap [f: 1] }\n',
  '- !!str 1\n- !!int "2"\n- !!float x\n- !!null\n- !<tag:yaml.org,2002:bool> true\n-\n',
  'a: 1\n b: 2\n\tc: 3\n"open\n',
  '---\na: 1\n---\nb: 2\n',
];
