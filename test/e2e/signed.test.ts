import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keysVerb } from '../../agent/cli/keys.ts';
import { recordContext } from '../agent/cli/context.ts';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

describeWithMosquitto('commands signed by qnctl', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qn-keys-'));
  });
  afterAll(async () => await rm(folder, { recursive: true }));

  async function keys(...[action = '', ...operands]: readonly string[]) {
    const roles = operands[1];
    const context = { ...recordContext(), env: { QN_KEYS: folder } };
    const options = roles === undefined ? {} : { roles };
    const code = await keysVerb.run(context, [action, ...operands.slice(0, 1)], options);
    return { code, out: context.outLines.join('\n'), err: context.errLines.join('\n') };
  }

  it('a key is made once, for its user alone, and its private half is not told', async () => {
    const made = await keys('new', 'first');
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('{ kid: first, key: "') });
    expect((await stat(path.join(folder, 'first.key'))).mode & 0o777).toBe(0o600);
    expect(await keys('new', 'first')).toMatchObject({ code: 65, err: expect.stringContaining('is there already') });
    expect(await keys('new', '../x')).toMatchObject({ code: 64 });
    expect(await keys('new', 'y', 'acuate')).toMatchObject({
      code: 64,
      err: expect.stringContaining('did you mean actuate?'),
    });
    const list = await keys('list');
    expect(list.out.split('\n').map((line) => line.split('  ')[0])).toEqual(['first']);
    const secret = /"d": "([^"]+)"/.exec(await readFile(path.join(folder, 'first.key'), 'utf8'))?.[1];
    expect(secret).toHaveLength(43);
    expect(JSON.stringify([made, list])).not.toContain(secret);
  });

  it('what it prints is what a board must be told, and then it moves for nobody else', async () => {
    const made = await keys('new', 'Panel_1', 'actuate');
    await keys('new', 'other', 'actuate');
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17, control: ["token:actuate"] }'];
    await using rig = await startRig({ documents, lines: ['GPIO17'], sections: made.out });
    const env = { QN_URL: rig.broker.url, QN_KEYS: folder };
    const notify = (...args: readonly string[]) =>
      runProgram('qnctl', ['notify', 'pi-1', 'gpio.relay1', 'ON', ...args], { env });
    expect(await notify()).toMatchObject({ code: 1, out: expect.stringContaining('unauthenticated') });
    expect(await notify('--key', 'other')).toMatchObject({ code: 1, out: expect.stringContaining('unauthenticated') });
    expect(rig.wire('GPIO17')).toBe('0');
    expect(await notify('--key', 'Panel_1', '--encoding', 'cbor')).toMatchObject({ code: 0 });
    expect(rig.wire('GPIO17')).toBe('1');
  }, 40_000);

  it('a config is taken from who signs it, and the keys are changed by a config that was signed with the old one', async () => {
    const old = await keys('new', 'ops-1');
    const next = await keys('new', 'ops-2');
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
    await using rig = await startRig({ documents, lines: ['GPIO17', 'GPIO18'], sections: old.out });
    await rig.hear({ verb: 'state', document: 'config' });
    const env = { QN_URL: rig.broker.url, QN_KEYS: folder };
    const push = async (patch: string, ...args: readonly string[]) => {
      const file = path.join(folder, 'patch.yaml');
      await writeFile(file, patch);
      return await runProgram('qnctl', ['config', 'push', 'pi-1', file, '--patch', ...args], { env });
    };
    const added = 'documents: { gpio.new: { driver: gpio-out, line: GPIO18 } }';
    expect(await push(added)).toMatchObject({ code: 1, out: expect.stringContaining('takes only what is signed') });
    const stranger = await push(added, '--key', 'ops-2');
    expect(stranger).toMatchObject({ code: 1, out: expect.stringContaining('does not trust the key "ops-2"') });
    expect(await push(added, '--key', 'ops-1')).toMatchObject({ code: 0, out: 'pi-1  successful; version 1 runs\n' });
    expect(await push(next.out, '--key', path.join(folder, 'ops-1.key'))).toMatchObject({ code: 0 });
    expect(await push('documents: { gpio.new: null }', '--key', 'ops-1')).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not trust the key "ops-1"; it trusts ops-2'),
    });
    expect(await push('documents: { gpio.new: null }', '--key', 'ops-2')).toMatchObject({
      code: 0,
      out: 'pi-1  successful; version 3 runs\n',
    });
  }, 60_000);
});
