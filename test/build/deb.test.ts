import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../agent/config/check.ts';
import { controlText } from '../../build/deb/control.ts';

const unitFile = 'build/systemd/qn-agent.service';
const exposureMax = 2;
const systemdMissing = spawnSync('systemd-analyze', ['--version']).status !== 0;

function said({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return `${stdout}${stderr}`;
}

describe('the unit of the package', () => {
  it.skipIf(systemdMissing)('has no key that systemd does not know', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-unit-'));
    try {
      // The program is not installed here; everything else is as it will be.
      const text = readFileSync(unitFile, 'utf8').replaceAll('/usr/lib/qn-agent/node', process.execPath);
      const copy = path.join(folder, 'qn-agent.service');
      writeFileSync(copy, text);
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
      expect(said(verified)).toBe(''); // It exits 0 on unknown keys, and only says so.
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(systemdMissing)('exposes no more than it must', () => {
    const analysed = spawnSync('systemd-analyze', ['security', '--offline=true', unitFile], { encoding: 'utf8' });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(analysed.stdout) ?? [];
    expect(said(analysed)).toContain('Overall exposure');
    expect(Number(exposure)).toBeLessThanOrEqual(exposureMax);
  });

  // systemd looks a group up once, at the start of the unit: one that the kernel does not know yet stays closed.
  it.each([
    ['ttyUSB', 'usbserial'],
    ['ttyACM', 'cdc_acm'],
  ])('has the kernel know %s before it is started, adapter or not', (group, module) => {
    const unit = readFileSync(unitFile, 'utf8');
    expect(unit).toMatch(new RegExp(`^DeviceAllow=char-${group} rw$`, 'm'));
    for (const key of ['Wants', 'After'])
      expect(unit).toMatch(new RegExp(`^${key}=(.* )?modprobe@${module}\\.service( .*)?$`, 'm'));
  });

  it('does not start again what a restart cannot mend', () => {
    expect(readFileSync(unitFile, 'utf8')).toMatch(/^RestartPreventExitStatus=64 78$/m);
  });
});

describe('the package', () => {
  it('says what it is and needs, on each CPU', () => {
    const facts = { version: '1.2.3', installedBytes: 4_097 };
    const control = controlText({ ...facts, architecture: 'arm64' });
    expect(control).toMatch(/^Package: qn-agent\nVersion: 1\.2\.3\nArchitecture: arm64\n/);
    expect(control).toMatch(/^Installed-Size: 5$/m);
    expect(control).toMatch(/^Depends: .*libatomic1$/m);
    expect(controlText({ ...facts, architecture: 'amd64' })).not.toContain('libatomic1');
    expect(control.split('\n').filter((line) => line.startsWith(' ') && line.trim() === '')).toEqual([]);
  });

  it.each(['postinst', 'prerm', 'postrm'])('has a %s that the shell of Debian can read', (script) => {
    const { status, stderr } = spawnSync('sh', ['-n', path.join('build/deb', script)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('comes with a config that is sound as it is', () => {
    const file = 'build/deb/config.yaml';
    const checked = checkConfig(readFileSync(file, 'utf8'), file);
    expect(checked.ok ? [] : checked.error).toEqual([]);
  });
});
