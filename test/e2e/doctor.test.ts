import { execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Diagnosis } from '../../agent/doctor/check.ts';
import { distFolder, startScript } from '../support/agent-process.ts';
import { type DoctorRig, openDoctorRig } from '../support/doctor-rig.ts';
import { nobodyMissing, nobodyUid, runAsNobody } from '../support/nobody.ts';
import { startOddBroker } from '../support/odd-broker.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openSmallDisk, smallDiskMissing } from '../support/small-disk.ts';

/* Each trouble is made for real, and found by the program as it is shipped. */

vi.setConfig({ testTimeout: 90_000 }); // Each begins a process or two, and machines may be busy.

let rig: DoctorRig;
beforeEach(async () => {
  rig = await openDoctorRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

describe('the doctor and a broker', () => {
  it('MQTT-02: one that takes the connection and says nothing', async () => {
    await using broker = await startOddBroker(() => {});
    const told = await rig.find({ url: `mqtt://127.0.0.1:${broker.port}` }, 'MQTT-02');
    expect(told?.cause).toContain('no CONNACK within 5000 ms');
  });
});

describe('the doctor and the configuration', () => {
  it('CFG-01: there is none, or it is not for this user', async () => {
    expect(await rig.ask(path.join(rig.folder, 'none.yaml'))).toMatchObject({
      code: 2,
      findings: [{ code: 'CFG-01' }, {}],
    });
  });

  it('CFG-02: a fault, with its place', async () => {
    const told = await rig.find({ documents: '  gpio.a: { driver: gpio-out, lin: A }' }, 'CFG-02');
    expect(told).toMatchObject({ severity: 'problem', cause: expect.stringContaining('config.yaml:8:') });
  });

  it('CFG-04: a file that is not read', async () => {
    mkdirSync(path.join(rig.folder, 'conf.d'));
    writeFileSync(path.join(rig.folder, 'conf.d', 'more.yml'), 'node: x\n');
    expect(await rig.find({}, 'CFG-04')).toMatchObject({ fix: expect.stringContaining('more.yaml') });
  });

  it('CFG-05: a password that cannot be read, until the command is run', async () => {
    const file = path.join(rig.folder, 'secrets', 'password');
    const config = rig.write({ mqtt: `  username: a\n  password: "file:${file}"` });
    const seenBy = {
      root: async () => (await rig.ask(config)).findings,
      nobody: async () =>
        (JSON.parse(runAsNobody(['doctor', '--json', '--config', config]).stdout) as Diagnosis).findings,
    };
    const told = async (who: keyof typeof seenBy) => (await seenBy[who]()).find(({ code }) => code === 'CFG-05')?.fix;
    const mends = async (who: keyof typeof seenBy) => {
      const fix = await told(who);
      expect(fix).toContain(file);
      execFileSync('sh', ['-c', fix?.replaceAll('sudo ', '') ?? '']);
      expect(await told(who)).toBeUndefined();
    };
    await mends('root'); // It is not there.
    writeFileSync(file, '');
    await mends('root');
    await chmod(file, 0o644);
    await mends('root');
    if (nobodyMissing === undefined) await mends('nobody'); // Of root, and nobody else's.
  });

  it('CFG-06: configs from anybody', async () => {
    const documents = '  gpio.a: { driver: gpio-out, line: GPIO17 }\nconfig: { trust: none }';
    expect(await rig.find({ documents }, 'CFG-06')).toMatchObject({ fix: expect.stringContaining('qnctl keys new') });
  });
});

describe('the doctor and the machine', () => {
  it('SYS-01: a clock that was never set', async () => {
    const early = path.join(rig.folder, 'early.mjs');
    writeFileSync(early, 'Date.now = () => 86_400_000;\n');
    const { findings } = await rig.ask(rig.write({}), { import: early });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'SYS-01', severity: 'problem' }));
  });

  it.skipIf(nobodyMissing !== undefined)(
    `SYS-03: what root left in the folder of the agent, until the command is run (${nobodyMissing ?? 'as root'})`,
    async () => {
      const state = path.join(rig.folder, 'state');
      mkdirSync(state, { mode: 0o750 });
      chownSync(state, nobodyUid, nobodyUid);
      const told = () => rig.find({}, 'SYS-03');
      expect(await told()).toBeUndefined();
      mkdirSync(path.join(state, 'store'), { mode: 0o750 });
      const { cause, fix = '' } = (await told()) ?? {};
      expect(cause).toContain(path.join(state, 'store'));
      execFileSync('sh', ['-c', fix.replaceAll('sudo ', '')]);
      expect(await told()).toBeUndefined();
    },
  );

  it('GPIO-01 and GPIO-02: an interface that this machine does not have', async () => {
    expect(await rig.find({ gpio: '{ backend: gpiochip }' }, 'GPIO-01')).toMatchObject({ severity: 'problem' });
    expect(await rig.find({ gpio: '{ backend: sysfs }' }, 'GPIO-02')).toMatchObject({ severity: 'problem' });
  });

  it('GPIO-05: a line that is not there', async () => {
    const told = await rig.find({ documents: '  gpio.a: { driver: gpio-out, line: GPIO99 }' }, 'GPIO-05');
    expect(told?.fix).toBe(`mkdir -p ${path.join(rig.folder, 'board', 'GPIO99')}`);
  });

  it('SER-05: a port that is not there', async () => {
    const documents = '  serial.a: { driver: serial-line, port: /dev/ttyNone0 }';
    expect(await rig.find({ documents }, 'SER-05')).toMatchObject({ cause: expect.stringContaining('/dev/ttyNone0') });
  });

  const skipped = nobodyMissing ?? ptyMissing;
  it.skipIf(skipped !== undefined)(`SER-01: a port of others (${skipped ?? 'a pty of root'})`, async () => {
    await using pair = await openPtyPair();
    const config = rig.write({ documents: `  serial.a: { driver: serial-line, port: ${pair.left} }` });
    await chmod(pair.left, 0o600);
    const fix = () => {
      const { stdout } = runAsNobody(['doctor', '--json', '--config', config]);
      const { findings } = JSON.parse(stdout) as Diagnosis;
      return findings.find(({ code }) => code === 'SER-01')?.fix;
    };
    expect(fix()).toMatch(/^sudo groupadd -f dialout && sudo chgrp dialout .* -aG dialout nobody && newgrp dialout$/);
    execFileSync('chgrp', ['dialout', pair.left]);
    await chmod(pair.left, 0o660);
    expect(fix()).toBe('sudo usermod -aG dialout nobody && newgrp dialout');
  });

  it.skipIf(smallDiskMissing !== undefined)(
    `SYS-02 and SYS-03 (${smallDiskMissing ?? 'a tmpfs of 1 MiB'})`,
    async () => {
      using disk = openSmallDisk();
      disk.fill();
      expect(await rig.find({ state: disk.folder }, 'SYS-02')).toMatchObject({
        severity: 'problem',
        cause: expect.stringContaining('full'),
      });
      disk.makeReadOnly();
      expect(await rig.find({ state: disk.folder }, 'SYS-03')).toMatchObject({
        fix: `sudo mount -o remount,rw ${disk.folder}`,
      });
    },
  );

  it('FW-02: code that was changed', async () => {
    const dist = path.join(rig.folder, 'dist');
    cpSync(distFolder, dist, { recursive: true });
    appendFileSync(path.join(dist, 'parts', 'local-http.cjs'), '\n');
    const { findings } = await rig.ask(rig.write({}), { dist });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'FW-02' }));
  });

  it('--ignore leaves out what somebody lives with, and refuses a code that is none', async () => {
    const program = path.join(distFolder, 'qn-agent.cjs');
    const run = async (code: string) => {
      await using running = startScript(program, [
        'doctor',
        '--json',
        '--ignore',
        code,
        '--config',
        path.join(rig.folder, 'none.yaml'),
      ]);
      return { ...(await running.ended), out: running.out, err: running.err };
    };
    expect((JSON.parse((await run('CFG-01')).out) as Diagnosis).findings.some(({ code }) => code === 'CFG-01')).toBe(
      false,
    );
    expect(await run('CFG-99')).toMatchObject({ code: 64, err: expect.stringContaining('CFG-99') });
  });
});
