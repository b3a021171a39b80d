import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { Module } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Kept, runBehindFront } from '../../agent/kept-code.ts';
import { replaceFile } from '../../agent/replace-file.ts';
import { putBehindFront } from '../../build/front.ts';
import { openSmallDisk, type SmallDisk, smallDiskMissing } from '../support/small-disk.ts';

const freeBytes = 16_384;
const long = 'x'.repeat(4 * freeBytes);

describe.skipIf(smallDiskMissing !== undefined)(
  `on a disk that is nearly full (${smallDiskMissing ?? 'a tmpfs'})`,
  () => {
    let disk: SmallDisk;
    let ballast: string;
    beforeEach(() => {
      disk = openSmallDisk();
      ballast = path.join(disk.folder, 'ballast');
    });
    afterEach(() => disk[Symbol.dispose]());

    function fillNearly(): void {
      disk.fill();
      truncateSync(ballast, statSync(ballast).size - freeBytes);
    }

    test('a file that does not fit leaves what room there is', async () => {
      fillNearly();
      await expect(replaceFile(path.join(disk.folder, 'a.json'), long)).rejects.toThrow('ENOSPC');
      expect(readdirSync(disk.folder)).toEqual(['ballast']);
    });

    test('so does what was compiled', async () => {
      const file = path.join(disk.folder, 'program.cjs');
      const folder = path.join(disk.folder, 'compiled');
      writeFileSync(
        file,
        `#!/usr/bin/env node\n${putBehindFront('run();', `module.exports = { kept, long: '${long}' };`)}`,
      );
      fillNearly();
      const module = new Module(file);
      runBehindFront(file, module, { folder });
      const { kept }: { readonly kept: Kept } = module.exports;
      await expect(kept.keep()).rejects.toThrow('ENOSPC');
      expect(readdirSync(folder)).toEqual([]);
    });
  },
);
