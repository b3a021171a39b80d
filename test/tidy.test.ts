import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { agentVersion } from '../agent/version.ts';

/** House rules a machine can see. A file over the ceiling is listed here with its length, and may only get shorter. */
const fileLinesMax = 250;
const longFiles: { readonly [file: string]: number } = {
  'agent/limits.ts': 360, // A table, not code.
};

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file)); // Git still lists what was deleted and not committed.
const sources = files.filter((file) => file.endsWith('.ts'));
const shipped = sources.filter((file) => /^(agent|drivers|firmware-bridge)\//.test(file));

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Which room a file is in; a room may import from itself and from what stands below it. */
const rooms = ['drivers/contract', 'drivers', 'firmware-bridge', 'agent', 'build', 'test'];

function roomOf(file: string): number {
  return rooms.findIndex((room) => file.startsWith(`${room}/`));
}

function importsOf(file: string): readonly string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );
  return specifiers.map((specifier) => path.normalize(path.join(path.dirname(file), specifier)));
}

test('imports go down only: test, build, agent, firmware-bridge, drivers, drivers/contract', () => {
  const upward = sources
    .filter((file) => roomOf(file) >= 0)
    .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
    .filter(({ file, target }) => roomOf(target) > roomOf(file));
  expect(upward).toEqual([]);
});

test('drivers/contract imports nothing but itself', () => {
  const contracts = sources.filter((file) => file.startsWith('drivers/contract/'));
  expect(contracts.length).toBeGreaterThan(0);
  for (const file of contracts) expect(read(file)).not.toMatch(/from '(?!\.\/)/);
});

test('the protocol and the pool know no network and no driver', () => {
  const pure = shipped.filter((file) => /^agent\/(qn|pool)\//.test(file));
  expect(pure.length).toBeGreaterThan(0);
  for (const file of pure)
    expect([file, read(file).match(/from '(node:(net|tls|fs|http)|mqtt|serialport|onoff)/)]).toEqual([file, null]);
});

test('no file grows beyond the ceiling, and the long ones only get shorter', () => {
  const tooLong = sources
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (longFiles[file] ?? fileLinesMax));
  expect(tooLong).toEqual([]);
});

test('nothing is remembered at module level: no let outside functions', () => {
  for (const file of shipped) expect([file, read(file).match(/^(export )?(let|var) /m)]).toEqual([file, null]);
});

test('shipped code tells time and writes to the console only at the edge', () => {
  const edge = /^agent\/(clock|log|cli\/process)\.ts$/;
  for (const file of shipped.filter((name) => !edge.test(name))) {
    expect([file, read(file).match(/\bDate\.now\(|\bconsole\.|\bsetTimeout\(/)]).toEqual([file, allowedTimer(file)]);
  }
});

/** The clock of the drivers is their edge. */
function allowedTimer(file: string): RegExpMatchArray | null {
  return file === 'drivers/clock.ts' ? read(file).match(/\bsetTimeout\(/) : null;
}

test('no barrels, no default exports, no enums, no any', () => {
  for (const file of shipped) {
    expect(path.basename(file)).not.toMatch(/^(index|util|utils|helpers)\.ts$/);
    expect([file, read(file).match(/^export (default|enum|\*)|: any\b|<any>|as any\b/m)]).toEqual([file, null]);
  }
});

test('no file names the host of a package registry, or a path of somebody else’s machine', () => {
  // In parts, or this file would name them itself.
  const hosts = [['registry', 'npmjs'].join('.'), ['deb', 'debian'].join('.')].join('|');
  const forbidden = new RegExp(`${hosts}|/(home|root|Users)/[a-z]`);
  const texts = files.filter(
    (file) => !file.startsWith('test/cases/') && /\.(ts|mjs|json|md|ya?ml|c|h|sh)$|^\.|run$/.test(file),
  );
  for (const file of texts) expect([file, read(file).match(forbidden)?.[0]]).toEqual([file, undefined]);
});

test('the top level holds what was agreed, and nothing else', () => {
  const agreed = ['LICENSE', 'CHANGELOG.md', 'README.md', 'package.json', 'package-lock.json', 'tsconfig.json'];
  const folders = ['agent', 'drivers', 'firmware-bridge', 'build', 'test'];
  const insisting = ['biome.json', 'knip.json', 'vitest.config.ts']; // Tools that look for their config at the root only.
  const top = new Set(files.map((file) => file.split('/')[0] ?? file).filter((name) => !name.startsWith('.')));
  expect([...top].filter((name) => ![...agreed, ...folders, ...insisting].includes(name))).toEqual([]);
});

test('the version is the one of package.json', () => {
  expect(agentVersion).toBe(JSON.parse(read('package.json')).version);
});

test('a file of ours that a text names is there', () => {
  const path = /(?<![\w./-])(?:test|agent|build|drivers|firmware-bridge)\/[\w./-]+\.(?:ts|md|yaml|h|mjs|json)\b/g;
  const texts = files.filter((file) => /\.(ts|md|ya?ml|c|h|mjs|service)$/.test(file));
  const gone = texts.flatMap((file) =>
    [...read(file).matchAll(path)].filter(([name]) => !existsSync(name)).map(([name]) => `${file}: ${name}`),
  );
  expect(gone).toEqual([]);
});

test('each clause of the protocol has a number of its own, and what is cited is a clause', () => {
  const clauses = [...read('agent/qn/protocol.md').matchAll(/^- (QN-\d+\.\d+[a-z]?) /gm)].map(([, clause]) => clause);
  expect(clauses.length).toBeGreaterThan(100);
  expect(clauses.filter((clause, index) => clauses.indexOf(clause) !== index)).toEqual([]);
  for (const file of files.filter((name) => /\.(ts|md|c|h)$/.test(name)))
    for (const [cited] of read(file).matchAll(/\bQN-\d+\.\d+[a-z]?\b/g)) expect(clauses, file).toContain(cited);
});
