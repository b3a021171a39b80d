import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mountOf, parseMounts } from '../../../../agent/health/mounts.ts';
import { diskTest, mountTest, spaceTest } from '../../../../agent/health/tests/disk.ts';
import { runTest } from '../../../support/run-test.ts';
import { openSmallDisk, smallDiskMissing } from '../../../support/small-disk.ts';

describe('the disk tests', () => {
  it('pass in a folder that is not there yet, and that is made', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'qn-disk-'));
    const state = path.join(folder, 'a', 'b');
    for (const test of [mountTest(state), spaceTest(state), diskTest(state)]) {
      expect(await runTest(test)).toMatchObject({ status: 'pass' });
    }
    await rm(folder, { recursive: true });
  });

  it.each([
    ['a tmpfs', 'tmpfs $ tmpfs rw 0 0', true],
    [
      'an overlay that writes to a tmpfs',
      'tmpfs /media/rw tmpfs rw 0 0\noverlay $ overlay rw,lowerdir=/ro,upperdir=/media/rw/up,workdir=/w 0 0',
      true,
    ],
    ['an overlay on a disk', 'overlay $ overlay rw,lowerdir=/ro,upperdir=/media/rw/up,workdir=/w 0 0', false],
    ['a disk', '/dev/sda1 $ ext4 rw 0 0', false],
  ])('know whether %s is in memory', async (_, lines, isInMemory) => {
    const proc = await mkdtemp(path.join(tmpdir(), 'qn-proc-'));
    mkdirSync(path.join(proc, 'self'));
    writeFileSync(path.join(proc, 'self', 'mounts'), `/dev/root / ext4 rw 0 0\n${lines.replace('$', proc)}\n`);
    expect(await mountOf(proc, proc)).toMatchObject({ point: proc, isInMemory });
    await rm(proc, { recursive: true });
  });

  it('find a mount that is read-only by the list of the kernel', async () => {
    const proc = await mkdtemp(path.join(tmpdir(), 'qn-proc-'));
    mkdirSync(path.join(proc, 'self'));
    writeFileSync(
      path.join(proc, 'self', 'mounts'),
      `/dev/root / ext4 rw,noatime 0 0\n/dev/sda1 ${proc} vfat ro,noatime 0 0\n`,
    );
    expect(await runTest(mountTest(path.join(proc, 'state'), proc))).toMatchObject({
      status: 'fail',
      detail: `${proc}: vfat is mounted read-only`,
      fix: expect.stringContaining(`remount,rw ${proc}`),
    });
    await rm(proc, { recursive: true });
  });

  describe.skipIf(smallDiskMissing !== undefined)(`on a real disk of 1 MiB (${smallDiskMissing ?? 'tmpfs'})`, () => {
    it('find that it is too small, and full', async () => {
      using disk = openSmallDisk();
      expect(await runTest(spaceTest(disk.folder))).toMatchObject({
        status: 'fail',
        fix: expect.stringContaining('du -xh'),
      });
      expect(await runTest(diskTest(disk.folder))).toMatchObject({ status: 'pass' });
      disk.fill();
      expect(await runTest(diskTest(disk.folder))).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('ENOSPC'),
        fix: expect.stringContaining('make room'),
      });
    });

    it('find that it is read-only', async () => {
      using disk = openSmallDisk();
      disk.makeReadOnly();
      expect(await runTest(mountTest(disk.folder))).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('read-only'),
      });
      expect(await runTest(diskTest(disk.folder))).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('EROFS'),
        fix: expect.stringContaining('remount,rw'),
      });
    });
  });
});

describe('the list of mounts', () => {
  it.each([
    ['/dev/root / ext4 ro,noatime 0 0', [{ point: '/', type: 'ext4', isReadOnly: true, isInMemory: false }]],
    [
      'tmpfs /run/user\\0401 tmpfs rw,nosuid 0 0',
      [{ point: '/run/user 1', type: 'tmpfs', isReadOnly: false, isInMemory: true }],
    ],
    ['half a line', []],
  ])('%s', (line, mounts) => {
    expect(parseMounts(`${line}\n`)).toEqual(mounts);
  });

  it('tells the one on top', async () => {
    const proc = await mkdtemp(path.join(tmpdir(), 'qn-proc-'));
    mkdirSync(path.join(proc, 'self'));
    const lines = ['a / ext4 rw 0 0', `b ${tmpdir()} ext4 rw 0 0`, `c ${tmpdir()} tmpfs ro 0 0`];
    writeFileSync(path.join(proc, 'self', 'mounts'), `${lines.join('\n')}\n`);
    expect(await mountOf(tmpdir(), proc)).toMatchObject({ type: 'tmpfs', isReadOnly: true });
    await rm(proc, { recursive: true });
  });
});
