import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { distFolder, startProgram, startScript, type TestProcess } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { type Rig, startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const qnctlFile = path.join(distFolder, 'qnctl.cjs');

async function openBoard(): Promise<Rig> {
  const rig = await startRig({ documents, lines: ['GPIO17'], sections: 'config: { trust: none }' });
  await rig.hear({ verb: 'state', document: 'config' });
  return rig;
}

/** A push that is under way to a board that hangs. */
async function pushToHanging(rig: Rig): Promise<TestProcess> {
  process.kill(rig.agent.pid, 'SIGSTOP');
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'documents: { gpio.relay1: { active: low } }\n');
  const qnctl = startScript(qnctlFile, ['config', 'push', 'pi-1', patch, '--patch', '--url', rig.broker.url]);
  await rig.hear({ verb: 'notify', document: 'config' });
  return qnctl; // Unsent: it has not heard yet that the broker took it.
}

describeWithMosquitto('qnctl that is cut off', () => {
  vi.setConfig({ testTimeout: 60_000 });

  it('by Ctrl-C waits for no ack that cannot come', async () => {
    await using rig = await openBoard();
    await using qnctl = await pushToHanging(rig);
    expect(await qnctl.end('SIGINT')).toMatchObject({ code: 69 });
    expect(qnctl.out).toMatch(/^pi-1 {2}(unanswered {2}interrupted; what became of it stands|unsent)/);
    expect(qnctl.out).toMatch(/\n0 took it, 0 did not, 1 did not say, 0 were not asked; halted: interrupted\n$/);
  });

  it.each([
    ['query', ['query', 'pi-9', 'gpio.relay1'], { verb: 'query', document: 'gpio.relay1' }],
    ['logs', ['logs', 'pi-9', '--level', 'debug'], { verb: 'notify', document: 'log' }],
    ['selftest', ['selftest', 'pi-9'], { verb: 'notify', document: 'selftest' }],
  ])('by Ctrl-C in %s does not say that there was no answer in time', async (_, args, asked) => {
    await using rig = await openBoard();
    await using qnctl = startScript(qnctlFile, [...args, '--timeout', '50s', '--url', rig.broker.url]);
    await rig.hear({ ...asked, target: 'pi-9' });
    expect(await qnctl.end('SIGINT')).toMatchObject({ code: 69 });
    expect([qnctl.out, qnctl.err]).toEqual(['', expect.stringMatching(/^(qnctl: not published: .*\n)?$/)]);
  });

  it('by its broker waits for no ack that cannot come', async () => {
    await using rig = await openBoard();
    await using qnctl = await pushToHanging(rig);
    await rig.broker.stop();
    expect(await qnctl.ended).toMatchObject({ code: 69 });
    expect(qnctl.out).toMatch(/^pi-1 {2}(unanswered {2}the connection broke; what became of it stands|unsent)/);
    expect(qnctl.out).toMatch(/ 0 did not, 1 did not say, 0 were not asked; halted: the connection broke\n$/);
  });

  it.each([
    ['health', ['health', '--for', '50s'], { verb: 'health', document: 'agent' }, ''],
    [
      'notify',
      ['notify', 'pi-9', 'gpio.relay1', 'ON', '--timeout', '50s'],
      { verb: 'notify' },
      'pi-9 may carry it out',
    ],
  ])('by its broker in %s is no success', async (_, args, { verb }, said) => {
    await using rig = await openBoard();
    await using qnctl = startScript(qnctlFile, [...args, '--url', rig.broker.url]);
    if (verb === 'health') await expect.poll(() => qnctl.out, { timeout: 20_000 }).toMatch(/^pi-1 {2}online/);
    else await rig.hear({ verb: 'notify', target: 'pi-9' });
    await rig.broker.stop();
    expect(await qnctl.ended).toMatchObject({ code: 69 });
    expect(qnctl.err).toContain(said);
  });

  it('by who reads what it prints does not say that all went well', async () => {
    await using rig = await openBoard();
    const word = (text: string) => `'${text}'`;
    const command = [process.execPath, qnctlFile, 'notify', 'pi-1', 'gpio.relay1', 'NOPE', '--url', rig.broker.url];
    const pipe = (to: string) => startProgram('bash', ['-c', `set -o pipefail; ${command.map(word).join(' ')} ${to}`]);
    expect(await pipe('| true').ended).toMatchObject({ code: 1 });
    const full = pipe('> /dev/full');
    expect([(await full.ended).code, full.err]).toEqual([74, expect.stringMatching(/^qnctl: .*ENOSPC.*\n$/)]);
  });
});
