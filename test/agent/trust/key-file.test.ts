import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatKey, isKeyName, makeKey, readKeyFile } from '../../../agent/trust/key-file.ts';

async function withFile<Answer>(text: string, mode: number, use: (file: string) => Promise<Answer>): Promise<Answer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-key-'));
  const file = path.join(folder, 'ops.key');
  await writeFile(file, text);
  await chmod(file, mode);
  try {
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a key comes back from its file, and no two are the same', async () => {
  const key = makeKey('ops-2026');
  expect(await withFile(formatKey(key), 0o600, readKeyFile)).toEqual({ ok: true, value: key });
  expect(makeKey('ops-2026').d).not.toBe(key.d);
});

test.each([0o640, 0o604, 0o644])('a file others may read (%i) is refused with what to type', async (mode) => {
  const read = await withFile(formatKey(makeKey('ops')), mode, readKeyFile);
  expect(read).toEqual({ ok: false, error: expect.stringMatching(/; run: chmod 600 \/.*ops\.key$/) });
});

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['another curve', formatKey(makeKey('ops')).replace('Ed25519', 'P-256')],
  ['no private half', formatKey(makeKey('ops')).replace('"d"', '"e"')],
  ['a name that is none', formatKey(makeKey('a b'))],
])('a file with %s is no key, and is not told again', async (_, text) => {
  const read = await withFile(text, 0o600, readKeyFile);
  expect(read).toEqual({
    ok: false,
    error: expect.stringMatching(/ops\.key is no key; make one with: qnctl keys new NAME$/),
  });
});

test.each([
  ['ops-2026.a_b', true],
  ['a'.repeat(64), true],
  ['a'.repeat(65), false],
  ['../x', false],
  ['', false],
])('a key may be named %j: %s', (name, isName) => {
  expect(isKeyName(name)).toBe(isName);
});
