import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { afterEach, expect, it, vi } from 'vitest';
import type { Diagnosis } from '../../agent/doctor/check.ts';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openRig, type Rig, type RigOptions, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

/* Trouble that only a running agent knows of. Each is made for real. */

const relay = { documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] } as const;
const ours = /^(CFG-03|SYS-0[4678]|MQTT-0[79]|GPIO|SER)/;

let rig: Rig | undefined;
afterEach(() => rig?.[Symbol.asyncDispose]());

async function start(options: Partial<RigOptions> = {}): Promise<Rig> {
  rig = await startRig({ ...relay, ...options });
  return rig;
}

async function codes({ configFile }: Pick<Rig, 'configFile'>): Promise<readonly string[]> {
  const { out } = await runProgram('qn-agent', ['doctor', '--json', '--config', configFile]);
  const { findings } = JSON.parse(out) as Diagnosis;
  return findings.map(({ code }) => code).filter((code) => ours.test(code));
}

/** Asks until the code is there; an agent needs a moment to notice. */
async function codesWith(board: Rig, code: string): Promise<readonly string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const told = await codes(board);
    if (told.includes(code) || performance.now() > deadline) return told;
  }
}

describeWithMosquitto('the doctor beside a running agent', () => {
  vi.setConfig({ testTimeout: 120_000 }); // Each asks a few times, and each time begins a process.

  it('finds nothing on a sound one: its lines are its own', async () => {
    expect(await codes(await start())).toEqual([]);
  });

  it('CFG-03: the files were changed meanwhile', async () => {
    const board = await start();
    appendFileSync(board.configFile, 'health: { interval: 33s }\n');
    expect(await codes(board)).toEqual(['CFG-03']);
  });

  it('SYS-06: it was held up', async () => {
    const board = await start();
    await delay(200); // It measures from one look at the clock to the next, 20 ms later: one has to be behind it.
    process.kill(board.agent.pid, 'SIGSTOP');
    await delay(1_600); // What is measured is this pause.
    process.kill(board.agent.pid, 'SIGCONT');
    expect(await codesWith(board, 'SYS-06')).toContain('SYS-06');
  });

  it('does not have an agent ended that takes seconds to answer, as its lines are its own', async () => {
    const board = await start();
    const socket = path.join(path.dirname(board.configFile), 'state', 'agent.sock');
    await until(() => existsSync(socket), 'where it is asked');
    process.kill(board.agent.pid, 'SIGSTOP'); // As a slow card does.
    const told = codes(board);
    await delay(5_000);
    process.kill(board.agent.pid, 'SIGCONT');
    expect(await told).not.toContain('GPIO-04');
  });

  it('SYS-07: messages were refused for want of memory', async () => {
    const board = await start({ sections: 'pool: { profile: tiny }', listensTo: 'qn/1/pi-1/health/#' });
    const client = await connectAsync(board.broker.url);
    for (let count = 0; count < 600; count += 1)
      client.publish('qn/1/pi-1/notify/gpio.relay1', `{"val":true,"id":"${count + 1}"}`, { qos: 0 });
    await client.endAsync();
    expect(await codesWith(board, 'SYS-07')).toContain('SYS-07');
  });

  it('SYS-08: it is started again and again', async () => {
    const board = await openRig(relay);
    rig = board;
    for (let count = 0; count < 6; count += 1) {
      await board.start();
      await startsKept(board, count + 1);
      await board.agent.end('SIGKILL');
    }
    expect(await codesWith(board, 'SYS-08')).toContain('SYS-08');
  });

  it('MQTT-09: the broker came back without what it had retained', async () => {
    const board = await start();
    await board.say('notify/gpio.relay1', 'ON');
    await until(() => board.wire('GPIO17') === '1', 'the command'); // It came behind what the agent hears of itself.
    await board.broker.kill();
    await board.broker.start();
    expect(await codesWith(board, 'MQTT-09')).toContain('MQTT-09');
  });

  it('GPIO-04: another process holds a line, and the command ends it', async () => {
    const holder = await start();
    const other = await openRig(relay);
    try {
      const config = readFileSync(other.configFile, 'utf8').replace(other.board, holder.board);
      appendFileSync(other.configFile, '');
      const file = path.join(other.folder, 'second.yaml');
      appendFileSync(file, config);
      const { out, code } = await runProgram('qn-agent', ['doctor', '--config', file]);
      expect(code).toBe(2);
      expect(out).toContain(`GPIO17 of gpio.relay1 is held by qn-agent, process ${holder.agent.pid}`);
      expect(out).toContain(`→ sudo kill ${holder.agent.pid}`);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it.skipIf(ptyMissing !== undefined)(`SER-04: a port is locked (${ptyMissing ?? 'a pty'})`, async () => {
    await using pair = await openPtyPair();
    const locker = spawn('flock', ['--no-fork', pair.left, 'sleep', '60'], { stdio: 'ignore' });
    const board = await start({ documents: [`serial.a: { driver: serial-line, port: ${pair.left} }`] });
    expect(await codesWith(board, 'SER-04')).toContain('SER-04');
    const { out } = await runProgram('qn-agent', ['doctor', '--config', board.configFile]);
    expect(out).toContain(`sleep (pid ${locker.pid})`);
    locker.kill('SIGKILL');
    await once(locker, 'exit');
  });
});

/** A start counts when it was written down. */
async function startsKept(board: Rig, count: number): Promise<void> {
  const file = path.join(board.folder, 'state', 'starts.json');
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    try {
      const { atSeconds } = JSON.parse(readFileSync(file, 'utf8')) as { atSeconds: readonly number[] };
      if (atSeconds.length >= count) return;
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
