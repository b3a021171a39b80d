import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { openSmallDisk, smallDiskMissing } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const lines = ['GPIO17', 'GPIO18', 'GPIO19'];
const documents = ['gpio.a: { driver: gpio-out, line: GPIO17, safe: { boot: on } }'];

async function writeWith(line: string, { configFile }: Rig, file = configFile): Promise<void> {
  await writeFile(file, (await readFile(configFile, 'utf8')).replace('GPIO17', line));
}

test.skipIf(smallDiskMissing !== undefined)(
  `a config file that was changed counts also on a board with a full disk (${smallDiskMissing ?? 'a tmpfs'})`,
  { timeout: 60_000 },
  async () => {
    using disk = openSmallDisk();
    await using rig = await openRig({ documents, lines });
    const [state, next] = [path.join(rig.folder, 'state'), path.join(rig.folder, 'next.yaml')];
    await symlink(disk.folder, state);
    await rig.start();
    await writeWith('GPIO18', rig, next);
    expect((await runProgram('qnctl', ['reload', '--socket', path.join(state, 'control.sock'), next])).code).toBe(0);
    await rig.agent.end('SIGTERM');

    disk.fill();
    await writeWith('GPIO19', rig);
    await rig.start();
    const levels = () => ['GPIO18', 'GPIO19'].map((line) => rig.wire(line));
    await until(() => levels().includes('1'), 'an output to be on');
    expect(levels()).toEqual(['0', '1']);
  },
);
