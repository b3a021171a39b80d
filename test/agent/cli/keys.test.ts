import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { keysVerb } from '../../../agent/cli/keys.ts';
import { keyFolderOf } from '../../../agent/cli/signing.ts';
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

test('the folder of the keys is the usual one where the variables that name another are empty', () => {
  const env = { HOME: '/srv/me', QN_KEYS: '', XDG_CONFIG_HOME: '' };
  expect(keyFolderOf(env, {})).toBe('/srv/me/.config/qn/keys');
  expect(keyFolderOf({ ...env, XDG_CONFIG_HOME: '/xdg' }, {})).toBe('/xdg/qn/keys');
  expect(keyFolderOf({ ...env, QN_KEYS: '/keys' }, {})).toBe('/keys');
});
