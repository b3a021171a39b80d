import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

describeWithMosquitto('qnctl config push', () => {
  it('and rollback that are run again send nothing to a board that has it', {
    timeout: 60_000,
  }, async () => {
    const documents = ['gpio.lamp: { driver: gpio-out, line: GPIO17 }'];
    await using rig = await startRig({ documents, lines: ['GPIO17'], sections: 'config: { trust: none, verify: 5s }' });
    await rig.hear({ verb: 'state', document: 'config' });
    const [patch, whole, other] = ['patch.yaml', 'whole.yaml', 'other.yaml'].map((name) => path.join(rig.folder, name));
    await writeFile(patch ?? '', 'health: { interval: 33s }\n');
    await writeFile(other ?? '', 'health: { interval: 34s }\n');
    const config = async (action: string, ...args: readonly (string | undefined)[]) => {
      const words = args.map((word) => word ?? '');
      const { code, out } = await runProgram('qnctl', ['config', action, ...words, '--url', rig.broker.url]);
      return [code, out];
    };
    expect(await config('push', '@all', patch, '--patch')).toEqual([0, 'pi-1  successful; version 1 runs\n']);
    const unchanged = [0, 'pi-1  unchanged  it runs this already, nothing was sent; version 1 runs\n'];
    expect(await config('push', '@all', patch, '--patch', '--canary', '100%', '--wait', '1s')).toEqual(unchanged);
    expect(await config('snapshot', 'pi-1', whole)).toEqual([0, '']);
    expect(await config('push', 'pi-1', whole)).toEqual(unchanged);
    const kept = [0, 'pi-1  unchanged  it does not run what is in this file, nothing was sent; version 1 runs\n'];
    expect(await config('rollback', '@all', other, '--patch')).toEqual(kept);
    expect(await config('rollback', '@all', whole)).toEqual([64, '']); // It names a node.
    expect(await config('rollback', '@all', patch, '--patch')).toEqual([0, 'pi-1  successful; version 2 runs\n']);
    expect(await config('snapshot', 'pi-1')).toEqual([0, expect.not.stringContaining('33s')]);
    const again = await config('rollback', '@all');
    expect(again).toEqual([0, expect.stringMatching(/^pi-1 {2}unchanged {2}a rollback brought .*; version 2 runs\n$/)]);
    const sent = rig.listener.all.filter(({ topic }) => topic === 'qn/1/pi-1/notify/config');
    expect(sent).toHaveLength(2);
    expect(await config('rollback', 'pi-1')).toEqual([0, 'pi-1  successful; version 3 runs\n']);
    expect(await config('snapshot', 'pi-1')).toEqual([0, expect.stringContaining('33s')]);
  });
});
