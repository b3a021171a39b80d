import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatFault } from '../../../agent/config/fault.ts';
import { configFileBytesMax, configFilesMax } from '../../../agent/config/limits.ts';
import { type LoadOptions, loadConfig } from '../../../agent/config/load.ts';

const main = 'node: from-file\nmqtt: { brokers: [{ url: "mqtt://file" }] }\n';
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qn-config-'));
  await mkdir(join(folder, 'conf.d'));
});
afterEach(async () => await rm(folder, { recursive: true }));

test('without conf.d and environment the file stands alone', async () => {
  await rm(join(folder, 'conf.d'), { recursive: true });
  await write('config.yaml', main);
  const loaded = await load({});
  expect(loaded.checked.config.node).toBe('from-file');
  expect(loaded.files).toEqual([join(folder, 'config.yaml')]);
  expect(loaded.warnings).toEqual([]);
});

test('flag over env over conf.d over file over default', async () => {
  const level = async (options: Partial<LoadOptions>) => (await load(options)).checked.config.log.level;
  const env = { QN_LOG__LEVEL: 'warn' };
  const overrides = [{ flag: '--log-level', pointer: '/log/level', value: 'debug' }];
  await write('config.yaml', main);
  expect(await level({})).toBe('info');
  await write('config.yaml', `${main}log: { level: warn }`);
  expect(await level({})).toBe('warn');
  await write('conf.d/10.yaml', 'log: { level: error }');
  expect(await level({})).toBe('error');
  expect(await level({ env })).toBe('warn');
  expect(await level({ env, overrides })).toBe('debug');
});

test('files of conf.d come in the order of their names, and others are left alone', async () => {
  await write('config.yaml', main);
  await write('conf.d/20-b.yaml', 'node: b');
  await write('conf.d/10-a.yaml', 'node: a');
  await write('conf.d/.30-hidden.yaml', 'node: hidden');
  await write('conf.d/90.yml', 'node: yml');
  await write('conf.d/90.yaml.bak', 'node: [');
  const loaded = await load({});
  expect(loaded.checked.config.node).toBe('b');
  expect(loaded.files).toEqual(
    ['config.yaml', 'conf.d/10-a.yaml', 'conf.d/20-b.yaml'].map((name) => join(folder, name)),
  );
  expect(loaded.warnings.map(formatFault)).toEqual([`${join(folder, 'conf.d/90.yml')}: not read (name it .yaml)`]);
});

test('maps are merged, lists are replaced', async () => {
  await write('config.yaml', `${main}groups: [a, b]\ndocuments: { x: { driver: gpio-in, line: X, active: low } }`);
  await write('conf.d/1.yaml', 'groups: [c]\ndocuments: { x: { line: Z }, y: { driver: gpio-in, line: Y } }');
  await write('conf.d/2.yaml', '# nothing but a remark\n');
  const { config } = (await load({})).checked;
  expect(config.groups).toEqual(['c']);
  expect(config.documents).toMatchObject({ x: { line: 'Z', active: 'low' }, y: { line: 'Y' } });
});

test.each([
  ['/log/level', 'x', 'flag --f: /log/level: expected debug or info or warn or error, found "x"'],
  ['log', 'x', 'flag --f: log: a JSON pointer begins with /: log'],
  ['/__proto__/x', 'x', 'flag --f: /__proto__/x: __proto__ is not allowed as a key'],
])('a flag for %s with a fault is told by its name', async (pointer, value, fault) => {
  await write('config.yaml', main);
  expect(await faultsOf({ overrides: [{ flag: '--f', pointer, value }] })).toEqual([fault]);
});

test('faults of all files, the environment and flags come together', async () => {
  await write('config.yaml', `${main}gpio: { backend: x }`);
  await write('conf.d/1.yaml', '\npool: { profile: x }');
  const faults = await faultsOf({
    env: { QN_LOG__LEVEL: 'x', QN_A____B: 'x' },
    overrides: [{ flag: '--state', pointer: '/state-folder', value: 'x' }],
  });
  expect(faults.map((fault) => fault.replace(`${folder}/`, '').replace(/: (expected|the|a) .*/, ''))).toEqual([
    'env QN_A____B',
    'config.yaml:3:18: /gpio/backend',
    'conf.d/1.yaml:2:18: /pool/profile',
    'env QN_LOG__LEVEL: /log/level',
    'flag --state: /state-folder',
  ]);
});

test('syntax errors of several files come together', async () => {
  await write('config.yaml', 'node: [');
  await write('conf.d/1.yaml', 'node: {');
  await write('conf.d/2.yaml', '- a');
  const faults = await faultsOf({});
  expect(faults.some((fault) => fault.startsWith(`${join(folder, 'config.yaml')}:1:`))).toBe(true);
  expect(faults.some((fault) => fault.startsWith(`${join(folder, 'conf.d/1.yaml')}:1:`))).toBe(true);
  expect(faults.at(-1)).toBe(`${join(folder, 'conf.d/2.yaml')}:1:1: expected a map of sections`);
});

test('a missing file is told as missing', async () => {
  const result = await loadConfig({ path: join(folder, 'none.yaml'), env: {} });
  expect(result).toEqual({
    ok: false,
    error: {
      kind: 'missing',
      faults: [{ file: join(folder, 'none.yaml'), pointer: '', message: 'no such file' }],
      isDamaged: true,
    },
  });
});

test.for<[string, string | Uint8Array, true | undefined]>([
  ['is empty', '', true],
  ['is white space alone', '\n\n', true],
  ['is zeros', new Uint8Array(4_096), true],
  ['ends in zeros', `node: pi-1\n${'\0'.repeat(512)}`, true],
  ['is no text', Buffer.from('node: pi-\xff\n', 'latin1'), true],
  ['has a key that is none', 'node: pi-1\nmqqt: {}\n', undefined],
  ['is no YAML', 'node: [pi-1\n', undefined],
  ['is a list', '- node\n', undefined],
])('a file that %s is told as damaged or not', async ([, content, isDamaged]) => {
  await writeFile(join(folder, 'config.yaml'), content);
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {} });
  expect(result.ok ? undefined : [result.error.isDamaged, result.error.faults.length > 0]).toEqual([isDamaged, true]);
});

test('an empty file of conf.d is none that is damaged', async () => {
  await write('config.yaml', 'mqqt: {}');
  await write('conf.d/1.yaml', '');
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {} });
  expect(result).toMatchObject({ ok: false, error: { kind: 'invalid' } });
  expect(result.ok || 'isDamaged' in result.error).toBe(false);
});

test('a folder is no config file', async () => {
  const result = await loadConfig({ path: folder, env: {} });
  expect(result).toMatchObject({
    ok: false,
    error: { kind: 'unreadable', faults: [{ message: 'not a regular file' }] },
  });
});

test('a pipe that nobody writes to is refused at once', async () => {
  await promisify(execFile)('mkfifo', [join(folder, 'config.yaml')]);
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {} });
  expect(result).toMatchObject({
    ok: false,
    error: { kind: 'unreadable', faults: [{ message: 'not a regular file' }] },
  });
});

test('a file that may not be read is told as unreadable', async () => {
  await write('config.yaml', main);
  await chmod(join(folder, 'config.yaml'), 0);
  await chmod(folder, 0o755);
  const isRoot = process.geteuid?.() === 0; // Nothing is forbidden to root, so be somebody else for a moment.
  if (isRoot) process.seteuid?.(65_534);
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {} }).finally(() => {
    if (isRoot) process.seteuid?.(0);
  });
  expect(result).toMatchObject({
    ok: false,
    error: { kind: 'unreadable', faults: [{ message: 'permission denied' }] },
  });
});

test('a file that is not UTF-8 is told with its line', async () => {
  await writeFile(
    join(folder, 'config.yaml'),
    Buffer.concat([Buffer.from('a: 1\nb: '), Buffer.from([0xe4]), Buffer.from('\n')]),
  );
  expect(await faultsOf({})).toEqual([`${join(folder, 'config.yaml')}:2: not UTF-8 (save it as UTF-8)`]);
});

test('a byte order mark does no harm', async () => {
  await write('config.yaml', `\uFEFF${main}`);
  expect((await load({})).checked.config.node).toBe('from-file');
});

test('a file at the bound is read, one byte more is refused', async () => {
  const atBound = `${main}#`.padEnd(configFileBytesMax, '.');
  await write('config.yaml', atBound);
  expect((await load({})).checked.config.node).toBe('from-file');
  await write('config.yaml', `${atBound}.`);
  expect(await faultsOf({})).toEqual([`${join(folder, 'config.yaml')}: larger than ${configFileBytesMax} bytes`]);
});

test('as many files as the bound are read, one more is refused', async () => {
  await write('config.yaml', main);
  for (let index = 1; index < configFilesMax; index++) await write(`conf.d/${index}.yaml`, '');
  expect((await load({})).files).toHaveLength(configFilesMax);
  await write('conf.d/more.yaml', '');
  expect(await faultsOf({})).toEqual([`${join(folder, 'conf.d')}: more than ${configFilesMax} config files`]);
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
}

async function load(options: Partial<LoadOptions>) {
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {}, ...options });
  if (!result.ok) throw new Error(result.error.faults.map(formatFault).join('\n'));
  return result.value;
}

async function faultsOf(options: Partial<LoadOptions>): Promise<readonly string[]> {
  const result = await loadConfig({ path: join(folder, 'config.yaml'), env: {}, ...options });
  if (result.ok) return [];
  expect(result.error.kind).toBe('invalid');
  return result.error.faults.map(formatFault);
}
