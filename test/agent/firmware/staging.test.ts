import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStaging, type Staging } from '../../../agent/firmware/staging.ts';

const bytesOf = (length: number, factor: number) => Uint8Array.from({ length }, (_, at) => (at * factor) & 0xff);
const nameOf = (bytes: Uint8Array) => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});
const image = bytesOf(1_000, 7);
const name = nameOf(image);

describe('images on the disk', () => {
  let folder: string;
  let staging: Staging;
  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'qn-staging-')), 'firmware', 'mcu0');
    staging = openStaging(folder);
  });
  afterEach(() => rm(path.dirname(path.dirname(folder)), { recursive: true, force: true }));

  async function putAll(bytes: Uint8Array, from = 0, pieceBytes = 300) {
    for (let at = from; at < bytes.length; at += pieceBytes) {
      const put = await staging.put(nameOf(bytes), at, bytes.subarray(at, at + pieceBytes));
      expect(put).toEqual({ ok: true, value: Math.min(at + pieceBytes, bytes.length) });
    }
  }

  it('arrive in pieces, and are there when all of them are', async () => {
    await putAll(image.subarray(0, 1_000));
    expect(await staging.read(name)).toEqual(Buffer.from(image));
    expect(await staging.stagedBytes(name)).toBe(1_000);
    expect(await readdir(folder)).toEqual([`${name.sha256}.image`]);
  });

  it('go on where they were in another life', async () => {
    await staging.put(name, 0, image.subarray(0, 600));
    staging = openStaging(folder);
    expect(await staging.stagedBytes(name)).toBe(600);
    expect(await staging.read(name)).toBeUndefined();
    await putAll(image, 600);
    expect(await staging.read(name)).toEqual(Buffer.from(image));
  });

  it('take a piece twice, or one that overlaps, and refuse one that leaves a gap', async () => {
    await staging.put(name, 0, image.subarray(0, 300));
    expect(await staging.put(name, 0, image.subarray(0, 300))).toEqual({ ok: true, value: 300 });
    expect(await staging.put(name, 200, image.subarray(200, 500))).toEqual({ ok: true, value: 500 });
    const gap = await staging.put(name, 600, image.subarray(600, 700));
    expect(gap).toEqual({ ok: false, error: { kind: 'wrong-offset', stagedBytes: 500 } });
    await putAll(image, 500);
    expect(await staging.read(name)).toEqual(Buffer.from(image));
  });

  it('are thrown away when the hash is another one', async () => {
    const wrong = { ...name, sha256: 'ab'.repeat(32) };
    expect(await staging.put(wrong, 0, image)).toEqual({ ok: false, error: { kind: 'wrong-hash' } });
    expect(await staging.stagedBytes(wrong)).toBe(0);
  });

  it('damaged after a power cut are found out', async () => {
    await staging.put(name, 0, image.subarray(0, 600));
    await truncate(path.join(folder, `${name.sha256}.part`), 800); // Zeros that were never written.
    expect(await staging.put(name, 800, image.subarray(800))).toEqual({ ok: false, error: { kind: 'wrong-hash' } });
    await putAll(image);
    await writeFile(path.join(folder, `${name.sha256}.image`), bytesOf(1_000, 9));
    expect(await staging.read(name)).toBeUndefined();
  });

  it.each([
    ['a piece that comes again', () => staging.put(name, 900, image.subarray(900))],
    ['a look at how much is there', () => staging.stagedBytes(name)],
  ])('that were whole when the power failed, and not looked at, are found by %s', async (_, look) => {
    await staging.put(name, 0, image.subarray(0, 600));
    await writeFile(path.join(folder, `${name.sha256}.part`), image);
    staging = openStaging(folder);
    await look();
    expect(await staging.read(name)).toEqual(Buffer.from(image));
    expect(await readdir(folder)).toEqual([`${name.sha256}.image`]);
  });

  it.each([
    ['whole, and another one', bytesOf(1_000, 9)],
    ['longer than was said', bytesOf(1_100, 7)],
  ])('are sent again where what is there is %s', async (_, bytes) => {
    await staging.put(name, 0, image.subarray(0, 600));
    await writeFile(path.join(folder, `${name.sha256}.part`), bytes);
    expect(await staging.stagedBytes(name)).toBe(0);
    await putAll(image);
    expect(await staging.read(name)).toEqual(Buffer.from(image));
  });

  it('are sent again when the card has lost some of it', async () => {
    await putAll(image);
    await writeFile(path.join(folder, `${name.sha256}.image`), bytesOf(1_000, 9));
    expect(await staging.read(name)).toBeUndefined();
    expect(await staging.stagedBytes(name)).toBe(0);
    await putAll(image);
    expect(await staging.read(name)).toEqual(Buffer.from(image));
  });

  it('are never more than the one that is written and the one that arrives', async () => {
    const [first, second, third] = [bytesOf(500, 3), bytesOf(600, 5), bytesOf(700, 11)] as const;
    await putAll(first);
    await staging.mark({ phase: 'done', ...nameOf(first), isTouched: false });
    await putAll(second);
    await staging.put(nameOf(third), 0, third.subarray(0, 300));
    const images = (await readdir(folder)).filter((file) => /part|image/.test(file)).sort();
    expect(images).toEqual([`${nameOf(first).sha256}.image`, `${nameOf(third).sha256}.part`].sort());
  });

  it('with what was done last; a damaged note is none', async () => {
    expect(await staging.marker()).toBeUndefined();
    const marker = { phase: 'writing', ...name, isTouched: true, version: '1.0', why: 'cut' } as const;
    await staging.mark(marker);
    expect(await openStaging(folder).marker()).toEqual(marker);
    await writeFile(path.join(folder, 'state.json'), '{"phase":"wri');
    expect(await staging.marker()).toBeUndefined();
  });

  it('that cannot be written say why', async () => {
    const file = path.join(path.dirname(path.dirname(folder)), 'file');
    await writeFile(file, '');
    const put = await openStaging(path.join(file, 'below')).put(name, 0, image);
    expect(put).toMatchObject({ ok: false, error: { kind: 'disk', error: { kind: 'absent' } } });
  });
});
