import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { distFolder, runProgram, startScript, type TestProcess } from '../support/agent-process.ts';
import { buildShim, shimMissing } from '../support/disk-shim/shim.ts';
import { fieldOf, type Heard, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

/* An old SD card takes seconds to sync a file, now and then minutes. */

const lines = ['RELAY', 'HELD'];
const documents = [
  'gpio.relay: { driver: gpio-out, line: RELAY, safe: { boot: off, exit: on } }',
  'gpio.held: { driver: gpio-out, line: HELD, max-on: 1h, safe: { boot: hold, exit: hold } }',
];

interface SlowDisk {
  /** From now on each sync takes so long; 0: as long as the disk takes. */
  slow(syncMs: number): void;
  /** From now on it takes nothing any more, and answers to nobody who wants it to. */
  hang(): void;
  start(): TestProcess;
}

function slowDiskOf(rig: Rig): SlowDisk {
  const file = path.join(rig.folder, 'slow');
  const hung = path.join(rig.folder, 'hung');
  const shim = { LD_PRELOAD: buildShim(rig.folder), SHIM_FOLDER: path.join(rig.folder, 'state') };
  const env = { ...shim, SHIM_SLOW: file, SHIM_HUNG: hung };
  return {
    slow: (syncMs) => (syncMs === 0 ? rmSync(file, { force: true }) : writeFileSync(file, `${syncMs}`)),
    hang: () => writeFileSync(hung, ''),
    start: () => startScript(path.join(distFolder, 'qn-agent.cjs'), ['run', '--config', rig.configFile], { env }),
  };
}

const born = (rig: Rig) => rig.hear({ verb: 'health', test: (heard) => statusOf(heard) !== 'offline' }, 15_000);

/** Goes over to another config, which is kept. */
async function reload({ folder, configFile }: Rig): Promise<void> {
  const next = path.join(folder, 'next.yaml');
  writeFileSync(next, `${readFileSync(configFile, 'utf8')}\nhealth: { interval: 33s }\n`);
  const ended = await runProgram('qnctl', ['reload', '--socket', path.join(folder, 'state', 'control.sock'), next]);
  expect(ended.code).toBe(0);
}

describe.skipIf(shimMissing !== undefined)(`on a slow disk (${shimMissing ?? 'gcc'})`, () => {
  describeWithMosquitto('an agent that starts', () => {
    it('does not wait for a disk that does not answer, says so, and uses it when it does', {
      timeout: 120_000,
    }, async () => {
      const boot = 'gpio.relay: { driver: gpio-out, line: RELAY, safe: { boot: on } }';
      await using rig = await openRig({ documents: [boot], lines: ['RELAY'] });
      const disk = slowDiskOf(rig);
      await using first = disk.start();
      await born(rig);
      await reload(rig); // From now on it counts its boots.
      await first.end('SIGTERM');
      await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
      disk.slow(3_600_000);
      await using _agent = disk.start();
      const isPoor = (heard: Heard) => statusOf(heard) === 'degraded';
      const birth = await rig.hear({ verb: 'health', test: isPoor }, 40_000);
      expect(birth.message.val).toMatchObject({ store: { state: 'io' } });
      expect(rig.wire('RELAY')).toBe('1');
      const toggle = JSON.stringify({ id: '1', src: 'test', val: 'toggle' });
      await rig.say('notify/gpio.relay', toggle);
      await rig.hear({ verb: 'ack', id: 1n, status: 'rejected' });
      disk.slow(0);
      const isWorking = ({ message: { val } }: Heard) => fieldOf(fieldOf(val, 'store'), 'state') === 'working';
      await rig.hear({ verb: 'health', test: isWorking }, 40_000);
      await rig.say('notify/gpio.relay', toggle);
      await rig.hear({ verb: 'ack', id: 1n, status: 'successful' });
    });
  });

  describeWithMosquitto('an agent that is told to stop', () => {
    it('has its outputs in their exit states at once, also when it is killed before the disk is done', {
      timeout: 60_000,
    }, async () => {
      await using rig = await openRig({ documents, lines });
      const disk = slowDiskOf(rig);
      await using agent = disk.start();
      await born(rig);
      disk.slow(30_000);
      for (const value of ['ON', 'OFF', 'ON']) {
        await rig.say('notify/gpio.held', value); // When it went on is remembered, and to be written.
        await rig.hear({ verb: 'ack', document: 'gpio.held', status: 'successful' });
      }
      process.kill(agent.pid, 'SIGTERM');
      await until(() => rig.wire('RELAY') === '1', 'the exit state', 2_000);
      await delay(3_000);
      expect(await agent.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' }); // systemd waits for 15 s.
      expect(lines.map(rig.wire)).toEqual(['1', '1']);
      expect(readFileSync(path.join(rig.folder, 'state', 'limits-left.json'), 'utf8')).toContain('gpio.held');
    });

    it('has them there, and says goodbye, where the disk does not answer at all', { timeout: 60_000 }, async () => {
      await using rig = await openRig({ documents, lines });
      const disk = slowDiskOf(rig);
      appendFileSync(rig.configFile, `\nhttp: { socket: ${path.join(rig.folder, 'state', 'http.sock')} }\n`);
      await using agent = disk.start();
      await born(rig);
      disk.hang();
      process.kill(agent.pid, 'SIGTERM');
      await until(() => rig.wire('RELAY') === '1', 'the exit state', 2_000);
      await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' }, 3_000);
      await agent.end('SIGKILL');
    });

    it('does so as well a moment after its start', { timeout: 60_000 }, async () => {
      await using rig = await openRig({ documents, lines });
      const disk = slowDiskOf(rig);
      await using first = disk.start();
      await born(rig);
      await first.end('SIGTERM');
      await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
      disk.slow(700);
      await using agent = disk.start();
      await born(rig);
      disk.slow(30_000);
      process.kill(agent.pid, 'SIGTERM');
      await until(() => rig.wire('RELAY') === '1', 'the exit state', 2_000);
      await delay(1_000);
      await agent.end('SIGKILL');
      expect(lines.map(rig.wire)).toEqual(['1', '0']);
    });
  });
});
