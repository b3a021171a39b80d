import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hashOf } from '../../../agent/health/hash.ts';

async function fileOf(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-hash-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'file');
  await writeFile(file, bytes);
  return file;
}

test.each([0, 1, 65_536, 65_537, 200_000])('of %i bytes it is the one of all of them', async (count) => {
  const bytes = Buffer.alloc(count, 'not all the same, ');
  expect(await hashOf(await fileOf(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('of a large file it takes one buffer, and leaves nothing for V8 to collect', async () => {
  const file = await fileOf(Buffer.alloc(16_777_216, 7));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
  await hashOf(file);
  clearInterval(look);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(1_048_576);
});
