import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startProgram } from '../support/agent-process.ts';
import { statusOf } from '../support/heard.ts';
import { openRig } from '../support/rig.ts';
import { openSmallDisk, smallDiskMissing } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const documents = ['gpio.a: { driver: gpio-out, line: GPIO17 }'];

test.skipIf(smallDiskMissing !== undefined)(
  `a board comes back after a power cut with its disk read-only (${smallDiskMissing ?? 'a tmpfs'})`,
  { timeout: 60_000 },
  async () => {
    using disk = openSmallDisk();
    await using rig = await openRig({ documents, lines: ['GPIO17'] });
    await symlink(disk.folder, path.join(rig.folder, 'state'));
    await mkdir(path.join(disk.folder, 'config'));
    const door = path.join(disk.folder, 'guard-1.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(door)})`;
    await using guard = startProgram(process.execPath, ['-e', script]);
    await until(() => existsSync(door), 'the door of a guard');
    await guard.end('SIGKILL'); // As the power cut does.
    disk.makeReadOnly();
    expect(statusOf(await rig.start())).toBe('degraded');
    await rig.say('notify/gpio.a', 'ON');
    await until(() => rig.wire('GPIO17') === '1', 'the output to be on');
  },
);
