import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { needBundle, runProgram, startAgentProcess } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';

const users = { 'pi-1': 'a', guest: 'b' };

/** A board and a guest at a broker with the rights that `qn-agent topics` writes. */
async function startWithRights() {
  await needBundle();
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-rights-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, ['GPIO17']);
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  const configFile = path.join(folder, 'config.yaml');
  const mqtt = ['username: pi-1', `password: "file:${folder}/password"`];
  const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
  await writeFile(path.join(folder, 'password'), users['pi-1'], { mode: 0o600 });
  await writeFile(configFile, configText({ url, board, state: path.join(folder, 'state'), documents, mqtt }));
  const rights = await runProgram('qn-agent', ['topics', '--acl', 'mosquitto', '--config', configFile]);
  const files = { 'board.acl': rights.out };
  stack.use(await startMosquitto({ port, files, users, config: (at) => [`acl_file ${at}/board.acl`] }));
  const agent = startAgentProcess(configFile);
  stack.defer(async () => void (await agent.end('SIGKILL')));
  const env = { QN_URL: url, QN_USERNAME: 'guest', QN_PASSWORD: 'env:GUEST', GUEST: users.guest };
  const qnctl = (...args: readonly string[]) => runProgram('qnctl', args, { env });
  return { qnctl, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeWithMosquitto('qnctl with the rights of everybody who is let in', () => {
  it('hears what every verb asks for', { timeout: 60_000 }, async () => {
    await using rig = await startWithRights();
    const ends = async (...args: readonly string[]) => {
      const { code, err } = await rig.qnctl(...args);
      return [args[0], code, err];
    };
    await expect.poll(() => ends('health', 'pi-1'), { timeout: 20_000 }).toEqual(['health', 0, '']);
    expect(await ends('query', 'pi-1', 'gpio.relay1')).toEqual(['query', 0, '']);
    expect(await ends('notify', 'pi-1', 'gpio.relay1', 'ON')).toEqual(['notify', 0, '']);
    expect(await ends('watch', 'pi-1', 'gpio.relay1', '--count', '1')).toEqual(['watch', 0, '']);
    expect(await ends('selftest', 'pi-1')).toEqual(['selftest', 0, '']);
    expect(await ends('config', 'history', 'pi-1')).toEqual(['config', 0, '']);
    expect(await ends('logs', 'pi-1')).toEqual(['logs', 0, '']);
    expect(await ends('logs', 'pi-1', '--level', 'debug', '--for', '1m')).toEqual(['logs', 0, '']);
  });
});
