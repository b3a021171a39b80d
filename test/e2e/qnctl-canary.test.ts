import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, startScript } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

describeWithMosquitto('qnctl config push --canary', () => {
  it('goes no further where the canary hangs, or lost its power, before the broker can tell', {
    timeout: 60_000,
  }, async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17'], sections: 'config: { trust: none, verify: 5s }' });
    await rig.hear({ verb: 'state', document: 'config' });
    const retain = (below: string, message: object) =>
      rig.listener.say(`qn/1/pi-2/${below}`, JSON.stringify(message), { qos: 1, retain: true });
    await retain('health/agent', { t: 'health', val: { status: 'online', boot: '1' } });
    await retain('state/config', { t: 'snapshot', val: { version: 0, vc: {}, hash: 'x', config: {} } });
    const patch = path.join(rig.folder, 'patch.yaml');
    await writeFile(patch, 'documents: { gpio.relay1: { active: low } }\n');
    const options = ['--patch', '--canary', '50%', '--wait', '2s', '--url', rig.broker.url];
    const push = ['config', 'push', '@all', patch, ...options];
    await using qnctl = startScript(path.join(distFolder, 'qnctl.cjs'), push);
    await rig.hear({ verb: 'ack', document: 'config', status: 'successful' }, 30_000);
    process.kill(rig.agent.pid, 'SIGSTOP');
    expect(await qnctl.ended).toMatchObject({ code: 1 });
    expect(qnctl.out).toMatch(
      /1 took it, 0 did not, 1 were not asked; halted: pi-1, a canary, does not answer any more/,
    );
    expect(rig.listener.all.filter(({ topic }) => topic === 'qn/1/pi-2/notify/config')).toEqual([]);
  });
});
