import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSecret } from '../../../agent/config/secret.ts';
import { secretBytesMax } from '../../../agent/limits.ts';

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qn-secret-'));
  path = join(folder, 'password');
});
afterEach(async () => await rm(folder, { recursive: true }));

test.each([
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  ['s3cret', 's3cret'],
  [' s3 cret \n\n', ' s3 cret \n'], // Only the last line end is the editor's.
])('a file with %j holds the secret %j', async (content, text) => {
  await write(content, 0o600);
  expect(fromFile()).toEqual({ ok: true, value: text });
});

test.each([0o604, 0o602, 0o777])('a file that others may touch (%i) is refused, with what to type', async (mode) => {
  await write('s3cret', mode);
  expect(fromFile()).toEqual({
    ok: false,
    error: {
      kind: 'denied',
      operation: 'read secret',
      resource: path,
      detail: 'every user of this machine may read or change it',
      fix: `run: chmod o= ${path}`,
    },
  });
});

test('a credential of systemd is a file in the folder it names', async () => {
  await write('s3cret\n', 0o400);
  const credential = { from: 'credential', name: 'password' } as const;
  expect(readSecret(credential, { CREDENTIALS_DIRECTORY: folder })).toEqual({ ok: true, value: 's3cret' });
  expect(readSecret({ ...credential, name: 'other' }, { CREDENTIALS_DIRECTORY: folder })).toMatchObject({
    ok: false,
    error: { kind: 'absent', resource: join(folder, 'other') },
  });
  expect(readSecret(credential, {})).toMatchObject({
    ok: false,
    error: { kind: 'absent', fix: 'write LoadCredential=password:/path/of/it into the unit' },
  });
});

test('a group may read the file', async () => {
  await write('s3cret', 0o640);
  expect(fromFile()).toEqual({ ok: true, value: 's3cret' });
});

test('a missing file is told by its name', () => {
  expect(fromFile()).toEqual({
    ok: false,
    error: { kind: 'absent', operation: 'read secret', resource: path, detail: 'no such file' },
  });
});

test.each(['', '\n'])('an empty file (%j) holds no secret', async (content) => {
  await write(content, 0o600);
  expect(fromFile()).toMatchObject({ ok: false, error: { kind: 'out-of-range', detail: 'the file is empty' } });
});

test('a file at the bound is read, one byte more is refused', async () => {
  await write('x'.repeat(secretBytesMax), 0o600);
  expect(fromFile()).toMatchObject({ ok: true });
  await write('x'.repeat(secretBytesMax + 1), 0o600);
  expect(fromFile()).toMatchObject({ ok: false, error: { kind: 'out-of-range' } });
});

test('no error holds what is in the file', async () => {
  await writeFile(path, Buffer.from([...Buffer.from('s3cret'), 0xff]));
  const result = fromFile();
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result)).not.toContain('s3cret');
});

test('a device that never ends is not read', () => {
  const result = readSecret({ from: 'file', path: '/dev/zero' }, {});
  expect(result).toMatchObject({ ok: false, error: { kind: 'denied', detail: 'not a regular file' } });
});

test('a variable holds the secret as it is', () => {
  const result = readSecret({ from: 'env', name: 'PW' }, { PW: 's3cret\n' });
  expect(result).toEqual({ ok: true, value: 's3cret\n' });
});

test.each([{}, { PW: '' }])('a variable that is not set is told by its name', (env) => {
  expect(readSecret({ from: 'env', name: 'PW' }, env)).toEqual({
    ok: false,
    error: { kind: 'absent', operation: 'read secret', resource: 'PW', detail: 'the variable is not set' },
  });
});

async function write(content: string, mode: number): Promise<void> {
  await writeFile(path, content);
  await chmod(path, mode);
}

function fromFile() {
  return readSecret({ from: 'file', path }, {});
}
