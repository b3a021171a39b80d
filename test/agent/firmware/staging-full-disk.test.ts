import { createHash } from 'node:crypto';
import { rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pieceBytesMax } from '../../../agent/firmware/limits.ts';
import { openStaging } from '../../../agent/firmware/staging.ts';
import { openSmallDisk, smallDiskMissing } from '../../support/small-disk.ts';

test.skipIf(smallDiskMissing !== undefined)(
  `a piece of which a part fits on the disk is none (${smallDiskMissing ?? 'a tmpfs'})`,
  async () => {
    using disk = openSmallDisk();
    disk.fill();
    const ballast = path.join(disk.folder, 'ballast');
    truncateSync(ballast, statSync(ballast).size - pieceBytesMax / 2);
    const image = Buffer.alloc(2 * pieceBytesMax, 7);
    const name = { sha256: createHash('sha256').update(image).digest('hex'), sizeBytes: image.length };
    const staging = openStaging(path.join(disk.folder, 'mcu0'));
    const put = await staging.put(name, 0, image.subarray(0, pieceBytesMax));
    expect(put).toMatchObject({
      ok: false,
      error: { kind: 'disk', error: { detail: expect.stringContaining('ENOSPC') } },
    });
    expect(await staging.stagedBytes(name)).toBe(0);
    rmSync(ballast);
    expect(await staging.put(name, 0, image.subarray(0, pieceBytesMax))).toEqual({ ok: true, value: pieceBytesMax });
    expect(await staging.put(name, pieceBytesMax, image.subarray(pieceBytesMax))).toMatchObject({ ok: true });
    expect(await staging.read(name)).toEqual(image);
  },
);
