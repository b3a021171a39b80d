import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { keysVerb } from '../../../agent/cli/keys.ts';
import { openSmallDisk, smallDiskMissing } from '../../support/small-disk.ts';
import { recordContext } from './context.ts';

test.skipIf(smallDiskMissing)(
  'a key that does not fit on the disk leaves nothing in the way of the next try',
  async () => {
    using disk = openSmallDisk();
    const make = async () => {
      const context = recordContext();
      return { code: await keysVerb.run(context, ['new', 'ops'], { folder: disk.folder }), context };
    };
    disk.fill();
    expect(await make()).toMatchObject({ code: 74, context: { errLines: [expect.stringContaining('ENOSPC')] } });
    await rm(path.join(disk.folder, 'ballast'));
    expect(await make()).toMatchObject({ code: 0 });
  },
);
