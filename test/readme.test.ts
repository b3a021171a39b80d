import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasMosquitto } from './support/mosquitto.ts';

/** Every command of the README is executed here, or by the test named beside it. */
const commands = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line !== ''),
);

const elsewhere: { readonly [command: string]: string } = {
  'npm run demo': 'started below, as the demo the other commands talk to',
  'npm run demo -- --tour': 'test/e2e/tour.test.ts',
  'npm test': 'what runs this test',
  'npm run test:board': 'test/board/board.test.ts',
  'npm run test:board safe-states': 'test/board/safe-states.test.ts',
  'npm run build': 'part of `npm test`, before this test',
  'npm run image': 'test/image/run.ts',
  'xz -dc dist/qn-agent_*_arm64.img.xz | dd of=/dev/sdX bs=4M conv=fsync': 'test/image/run.ts, onto a file',
  'npm run deb -- arm64': 'test/image/run.ts',
  'sudo apt-get install -y ./qn-agent_*_arm64.deb': 'test/image/run.ts, on an emulated board',
  'sudo qn-agent check && sudo systemctl enable --now qn-agent': 'test/image/run.ts, on an emulated board',
};

const onTheDemo = commands.filter((command) => /^(npx qnctl|mosquitto_|curl |echo )/.test(command));
const install = commands.filter((command) => /^(tar|mkdir|node) /.test(command));

test('every command is accounted for', () => {
  const known = [...Object.keys(elsewhere), ...onTheDemo, ...install];
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter((command) => !known.includes(command))).toEqual([]);
});

describe('commands that talk to the demo', () => {
  let demo: ChildProcess;
  let port = '';
  let httpPort = '';

  beforeAll(async () => {
    demo = spawn(process.execPath, ['build/demo/demo.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const text = await outputUntil(demo, 'Ctrl-C ends it');
    port = /broker on 127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? '';
    httpPort = /http on 127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? '';
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGINT');
    await gone;
  });

  for (const command of onTheDemo) {
    const missing = command.startsWith('mosquitto') && !hasMosquitto ? 'mosquitto-clients' : missingCurl(command);
    test.skipIf(missing !== undefined)(
      missing === undefined ? command : `${command} (${missing} is not installed)`,
      () => {
        const atPort = command
          .replace(/^(mosquitto_\w+) /, `$1 -p ${port} `) // 1883 and 8088 may be taken on this machine.
          .replace('127.0.0.1:8088', `127.0.0.1:${httpPort}`);
        const env = { ...process.env, QN_URL: `mqtt://127.0.0.1:${port}` };
        const output = execFileSync('sh', ['-c', tolerant(atPort)], { encoding: 'utf8', env });
        if (!atPort.startsWith('mosquitto_pub')) expect(output.trim()).not.toBe('');
        if (atPort.startsWith('curl')) expect(output).not.toContain('"status":"refused"');
      },
    );
  }
});

function missingCurl(command: string): 'curl' | undefined {
  const isThere = !command.startsWith('curl ') || spawnSync('curl', ['--version']).status === 0;
  return isThere ? undefined : 'curl';
}

/** mosquitto_sub ends with 27 when its time is over, curl with 28. */
function tolerant(command: string): string {
  if (command.includes('curl -sN -m ')) return `${command}; test $? -eq 28`;
  return command.startsWith('mosquitto_sub') ? `${command}; test $? -eq 27` : command;
}

describe('commands of the installation', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-readme-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('pack, unpack, check, self-test and run, from a folder with nothing else', async () => {
    const state = path.join(folder, 'state');
    const env = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, QN_STATE_FOLDER: state };
    expect(install.length).toBeGreaterThan(4);
    for (const command of install) {
      const shell = command.replace('qn-agent.tar.gz', path.join(folder, 'qn-agent.tar.gz'));
      const cwd = command.startsWith('tar -C dist') ? process.cwd() : folder;
      if (command.includes(' doctor ')) {
        const { status, stdout } = spawnSync('sh', ['-c', shell], { cwd, env, encoding: 'utf8' });
        expect([0, 1, 2]).toContain(status); // The example is of another board than this one.
        expect(stdout).toMatch(/\d+ problems, \d+ warnings; \d+ checks in \d+ ms/);
        continue;
      }
      if (!command.includes(' run ')) {
        execFileSync('sh', ['-c', shell], { cwd, env, encoding: 'utf8' });
        continue;
      }
      const agent = spawn('sh', ['-c', `exec ${shell}`], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = new Promise<number | null>((resolve) => agent.once('exit', resolve));
      expect(await outputUntil(agent, 'self-test done')).toContain('self-test done');
      agent.kill('SIGTERM');
      expect(await gone).toBe(0);
    }
  });
});

/** What a process printed up to and including `mark`; fails when it ends before. */
function outputUntil(child: ChildProcess, mark: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(mark)) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before "${mark}":\n${text}`)));
  });
}
