import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { distFolder, needBundle } from './support/agent-process.ts';
import { signForDays } from './support/authority.ts';
import { makeCertificates } from './support/certificates.ts';
import { describeWithMosquitto, startMosquitto } from './support/mosquitto.ts';
import { freePort } from './support/ports.ts';
import { openSmallDisk, smallDiskMissing } from './support/small-disk.ts';

/*
 * What somebody finds who has nothing but the README: the commands of its section on trouble, typed as they stand there,
 * in the folder where the README had the agent unpacked.
 */

const [, section = ''] = /^## When something is wrong\n([\s\S]*?)^## /m.exec(readFileSync('README.md', 'utf8')) ?? [];
const commands = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line !== ''),
);

let folder = '';
beforeEach(async () => {
  await needBundle();
  folder = await mkdtemp(path.join(tmpdir(), 'qn-trouble-'));
  cpSync(distFolder, path.join(folder, 'qn-agent'), { recursive: true });
  mkdirSync(path.join(folder, 'board', 'GPIO17'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Board {
  readonly broker: string;
  readonly mqtt?: string;
  readonly state?: string;
}

/** The board of the user, under the name that the commands have. */
function describeBoard({ broker, mqtt = '', state = path.join(folder, 'state') }: Board): void {
  const text = `node: pi-1
mqtt:
  brokers: [${broker}]
${mqtt}
gpio: { backend: simulated, board: ${path.join(folder, 'board')} }
state-folder: ${state}
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17 }
`;
  writeFileSync(path.join(folder, 'qn-agent', 'example.yaml'), text);
}

/** Everything they print. */
function typeCommands(): string {
  const env = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  return commands
    .map((command) => spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' }).stdout)
    .join('');
}

describeWithMosquitto('somebody who has only the README finds in three commands at most', () => {
  vi.setConfig({ testTimeout: 120_000 });

  it('that there are that few', () => {
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.length).toBeLessThanOrEqual(3);
  });

  it('nothing, when nothing is wrong', async () => {
    await using broker = await startMosquitto();
    describeBoard({ broker: `{ url: "${broker.url}" }` });
    const told = typeCommands();
    expect(told).toContain('0 problems');
    expect(told).not.toMatch(/^FAIL/m);
  });

  it('a wrong broker password', async () => {
    await using broker = await startMosquitto({ users: { 'pi-1': 'right' } });
    const file = path.join(folder, 'password');
    writeFileSync(file, 'wrong', { mode: 0o600 });
    describeBoard({ broker: `{ url: "${broker.url}" }`, mqtt: `  username: pi-1\n  password: "file:${file}"` });
    const told = typeCommands();
    expect(told).toMatch(/^PROBLEM MQTT-05 .*does not let this node in as pi-1: wrong user, password or client id/m);
    expect(told).toContain(`→ printf %s 'THE PASSWORD' | sudo tee ${file} >/dev/null`);
  });

  it('a line that another process holds', async () => {
    await using broker = await startMosquitto();
    describeBoard({ broker: `{ url: "${broker.url}" }` });
    const line = path.join(folder, 'board', 'GPIO17');
    const holder = spawn(process.execPath, ['-e', holdScript, line], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const told = typeCommands();
    expect(told).toMatch(
      new RegExp(`^PROBLEM GPIO-04 GPIO17 of gpio.relay1 is held by blinky, process ${holder.pid}$`, 'm'),
    );
    expect(told).toContain(`→ sudo kill ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  });

  it.skipIf(smallDiskMissing !== undefined)(`a full disk (${smallDiskMissing ?? 'a tmpfs of 1 MiB'})`, async () => {
    await using broker = await startMosquitto();
    using disk = openSmallDisk();
    disk.fill();
    describeBoard({ broker: `{ url: "${broker.url}" }`, state: path.join(disk.folder, 'state') });
    const told = typeCommands();
    expect(told).toMatch(/^PROBLEM SYS-02 {2}the disk is full: 0\.0 MiB are free/m);
    expect(told).toMatch(/→ sudo du -xh /);
  });

  it('an expired certificate', async () => {
    await using made = await makeCertificates();
    const file = await signForDays(made.folder, '20200101', '20210101');
    const port = await freePort();
    const listener = [
      `listener ${port} 127.0.0.1`,
      `certfile ${file}`,
      `keyfile ${path.join(made.folder, 'server.key')}`,
    ];
    await using _broker = await startMosquitto({ port, config: () => [...listener, 'allow_anonymous true'] });
    describeBoard({ broker: `{ url: "mqtts://localhost:${port}", ca: ${path.join(made.folder, 'ca.pem')} }` });
    const told = typeCommands();
    expect(told).toMatch(/^PROBLEM MQTT-04 the certificate of the broker .* has expired on 2021-01-01/m);
    expect(told).toContain(`→ openssl s_client -connect localhost:${port}`);
  });
});

/** Claims a line as the simulated board has it, from a process of its own. */
const holdScript = `
  const fs = require('node:fs');
  const stat = fs.readFileSync('/proc/self/stat', 'utf8');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  fs.writeFileSync(process.argv[1] + '/consumer', 'blinky ' + process.pid + ' ' + ticks + '\\n');
  console.log('held');
  setInterval(() => {}, 1000);`;
