import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

let rig: Rig | undefined;
afterEach(() => rig?.[Symbol.asyncDispose]());

describeWithMosquitto('an agent that is started beside another one of its state folder', () => {
  it('ends at once, says what to stop, and leaves everything to the other one', async () => {
    rig = await startRig({ documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] });
    const state = path.join(rig.folder, 'state');
    await until(() => existsSync(path.join(state, 'agent.sock')), 'where it is asked');
    await rig.say('notify/gpio.relay1', '{"id":"1","val":true}');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', id: 1n, status: 'successful' });

    const second = await runProgram('qn-agent', ['run', '--config', rig.configFile]);
    expect(second).toMatchObject({ code: 69, out: '' });
    expect(second.err).toContain(state);
    expect(second.err).toContain('systemctl stop qn-agent');
    expect(rig.wire('GPIO17')).toBe('1');
    await rig.say('notify/gpio.relay1', '{"id":"2","val":false}');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', id: 2n, status: 'successful' });
    expect(rig.listener.all.filter((heard) => statusOf(heard) === 'offline')).toEqual([]);
  });

  it('starts where the other one was killed', async () => {
    rig = await startRig({ documents: [], lines: [] });
    const socket = path.join(rig.folder, 'state', 'agent.sock');
    await until(() => existsSync(socket), 'where it is asked');
    await rig.agent.end('SIGKILL');
    expect(existsSync(socket)).toBe(true);
    await rig.start();
  });
});
