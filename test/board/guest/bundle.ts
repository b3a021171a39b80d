import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SimulatedChip } from './sim.ts';

/** The agent as it is shipped, on this kernel. Documents: an output that rests high, an input, a serial line. */
const config = `
node: board
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:1883" }] }
gpio: { backend: gpiochip }
documents:
  gpio.relay: { driver: gpio-out, line: GPIO22, active: low, safe: { exit: hold } }
  gpio.button: { driver: gpio-in, line: GPIO23, bias: pull-up, active: low }
  serial.line: { driver: serial-line, port: /dev/ttyS1, baud: 9600 }
state-folder: /tmp
`;

export function selftestTests(chip: SimulatedChip): void {
  describe('the self-test on a real kernel', () => {
    test('qn-agent selftest passes through the character device', () => {
      chip.pull(22, 1);
      const report = selftest(config);
      expect(report).toMatchObject({ health_status: 'PASS' });
      expect(detailOf(report, 'driver.gpio.relay')).toBe('reads back 1');
      expect(detailOf(report, 'driver.gpio.button')).toBe('reads 1');
      expect(chip.bias(23)).toBe('pull-up');
    });

    test('qn-agent selftest degrades when a line is held, and says by whom', () => {
      const report = selftest(config.replace('GPIO23', 'STATUS'));
      expect(report).toMatchObject({ health_status: 'DEGRADED' });
      expect(detailOf(report, 'driver.gpio.button')).toBe('open STATUS: held by heartbeat');
      expect(detailOf(report, 'driver.gpio.relay')).toBe('reads back 1');
    });
  });
}

export function doctorTests(): void {
  describe('the doctor on a real kernel', () => {
    test('qn-agent doctor says GPIO-03 to a user who may not open the chips, and SER-02 of a port that the kernel writes to', () => {
      const found = doctor(config.replace('/dev/ttyS1', '/dev/ttyAMA0'), 65_534);
      expect(found('GPIO-03')?.cause).toMatch(/^\S+ may not open \/dev\/gpiochip0/);
      // Nobody but root may here: to join a group alone would not do.
      expect(found('GPIO-03')?.fix).toMatch(
        /^sudo groupadd -f gpio && sudo chgrp gpio \/dev\/gpiochip0.* && sudo chmod g\+rw .* && sudo usermod -aG gpio \S+ && newgrp gpio$/,
      );
      expect(found('SER-02')?.cause).toMatch(/^\/dev\/ttyAMA0 of serial.line is the console of the kernel/);
    });

    test('qn-agent doctor says neither to a user who may, of another port', () => {
      const found = doctor(config, 0);
      expect([found('GPIO-03'), found('SER-02')]).toEqual([undefined, undefined]);
    });
  });
}

interface Finding {
  readonly code: string;
  readonly cause: string;
  readonly fix: string;
}

/** What the doctor says under each code when that user asks it. */
function doctor(text: string, user: number): (code: string) => Finding | undefined {
  writeFileSync('/tmp/config.yaml', text);
  const options = ['/app/qn-agent.cjs', 'doctor', '--json', '--config', '/tmp/config.yaml'];
  const { stdout } = spawnSync(process.execPath, options, { encoding: 'utf8', uid: user, gid: user });
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return (code) => findings.find((finding) => finding.code === code);
}

interface Report {
  readonly health_status: string;
  readonly tests: readonly { readonly id: string; readonly detail: string }[];
}

function selftest(text: string): Report {
  writeFileSync('/tmp/config.yaml', text);
  const options = ['/app/qn-agent.cjs', 'selftest', '--config', '/tmp/config.yaml', '--output', 'json'];
  return JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' })) as Report;
}

function detailOf({ tests }: Report, id: string): string | undefined {
  return tests.find((row) => row.id === id)?.detail;
}
