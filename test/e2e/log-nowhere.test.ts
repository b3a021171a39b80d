import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, startProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

/** Whose log goes where the shell says. */
function startWith({ configFile }: Rig, redirection: string) {
  const agent = [process.execPath, path.join(distFolder, 'qn-agent.cjs'), 'run', '--config', configFile];
  const command = `exec ${agent.map((word) => `'${word}'`).join(' ')} ${redirection}`;
  return startProgram('sh', ['-c', command], { env: { QN_LOG__LEVEL: 'debug' } });
}

describeWithMosquitto('the log of an agent that cannot be written', () => {
  it('keeps no board from its work: the disk it goes to is full', async () => {
    await using rig = await openRig({ documents, lines: ['GPIO17'] });
    await using agent = startWith(rig, '> /dev/full');
    await rig.hear({ verb: 'health' }, 15_000);
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    expect([rig.wire('GPIO17'), agent.err]).toEqual(['1', '']);
    expect((await agent.end('SIGTERM')).code).toBe(0);
  });

  it.skipIf(process.getuid?.() !== 0)('goes on where the disk has room again (root)', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'qn-full-'));
    const run = async (...[program = '', ...args]: readonly string[]) => (await startProgram(program, args).ended).code;
    try {
      expect(await run('mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder)).toBe(0);
      await writeFile(path.join(folder, 'fill'), new Uint8Array(262_144));
      const writing = `
        import { rmSync } from 'node:fs';
        import { systemClock } from './agent/clock.ts';
        import { openLog } from './agent/log.ts';
        const log = openLog('error', { service: 's', env: 'e', node: 'n' }, systemClock);
        for (let count = 0; count < 1000; count += 1) log.error({ count }, 'lost');
        rmSync('${folder}/fill');
        for (const word of ['room', 'again']) log.error({ word }, 'written');`;
      const node = `'${process.execPath}' --input-type=module -e "$0"`;
      expect(await run('sh', '-c', `exec ${node} >> ${folder}/log`, writing)).toBe(0);
      const lines = (await readFile(path.join(folder, 'log'), 'utf8')).trim().split('\n');
      const texts = lines.map((line): { message: string; word?: string } => JSON.parse(line));
      expect(texts.at(-1)).toMatchObject({ message: 'written', word: 'again' });
      expect(texts.length).toBeLessThan(1_000); // It kept what it has a bound for.
    } finally {
      await run('umount', folder);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
