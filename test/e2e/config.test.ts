import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { runProgram } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';

let folder = '';
const file = () => path.join(folder, 'config.yaml');

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qn-config-'));
  createSimulatedBoard(folder, ['GPIO17']);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function sound(state = path.join(folder, 'state'), line = 'GPIO17'): string {
  const documents = [`gpio.relay1: { driver: gpio-out, line: ${line} }`];
  return configText({ url: 'mqtt://127.0.0.1:1', board: folder, state, documents });
}

const wrong = `node: Pi 1
mqtt:
  brokers:
    - url: mqtt://127.0.0.1
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17, actve: low }
  gpio.relay2: { driver: gpio-out }
`;

describe('a wrong config', () => {
  it('keeps the agent from running: exit code 78, and every fault with its place', async () => {
    await writeFile(file(), wrong);
    const { code, out, err } = await runProgram('qn-agent', ['run', '--config', file()]);
    expect([code, out]).toEqual([78, '']);
    for (const place of [':1:7', ':6:', ':7:']) expect(err).toContain(`${file()}${place}`);
    expect(err).toMatch(/actve.*active/);
    expect(err.trim().split('\n')).toHaveLength(3);
  });

  it('is told as JSON by check --json', async () => {
    await writeFile(file(), wrong);
    const { code, out } = await runProgram('qn-agent', ['check', file(), '--json']);
    expect(code).toBe(78);
    expect(JSON.parse(out)).toHaveLength(3);
  });

  it('that is not there is named, with the way out', async () => {
    const { code, err } = await runProgram('qn-agent', ['run', '--config', path.join(folder, 'none.yaml')]);
    expect([code, err]).toEqual([78, expect.stringContaining('none.yaml')]);
    expect(err).toContain('--config FILE');
  });

  it('that is sound passes check with exit code 0', async () => {
    await writeFile(file(), sound());
    const { code, out } = await runProgram('qn-agent', ['check', file()]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^ok: node pi-1, 1 documents, 1 brokers/)]);
  });

  it('whose password and certificates are not there passes check, which names each of them', async () => {
    const lost = (name: string) => path.join(folder, 'lost', name);
    const broker = `{ url: "mqtts://b", ca: ${lost('ca.pem')}, crl: ${lost('crl.pem')} }`;
    const mcu = `firmware.m: { driver: mcu, port: /dev/ttyS1, update: { over: smp, ca: ${lost('update.pem')} } }`;
    const secrets = `username: u, password: "file:${lost('password')}"`;
    const http = `http: { port: 8088, token: "file:${lost('token')}" }`;
    await writeFile(file(), `node: pi-1\nmqtt: { brokers: [${broker}], ${secrets} }\n${http}\ndocuments: { ${mcu} }\n`);
    const { code, out, err } = await runProgram('qn-agent', ['check', file()]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^ok: node pi-1/)]);
    for (const name of ['password', 'token', 'ca.pem', 'crl.pem', 'update.pem'])
      expect(err).toMatch(new RegExp(`^warning: ${lost(name)}: .*no such file.* \\(put it there`, 'mi'));
  });
});

describe('qn-agent selftest', () => {
  const run = (...args: readonly string[]) => runProgram('qn-agent', ['selftest', '--config', file(), ...args]);

  it('passes on a sound board, as an object that scripts can read', async () => {
    await writeFile(file(), sound());
    const { code, out } = await run('--output', 'json');
    const report = JSON.parse(out);
    expect([code, report.health_status]).toEqual([0, 'PASS']);
    expect(report.max_latency_us).toBeGreaterThan(0);
    for (const row of report.tests) {
      expect(row).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
      expect(row.status).toMatch(/^(pass|skip)$/);
      expect(row.took_us).toBeGreaterThanOrEqual(0);
    }
  });

  it('finds a state folder that is a file: DEGRADED, with the fix', async () => {
    await writeFile(path.join(folder, 'plug'), '');
    await writeFile(file(), sound(path.join(folder, 'plug')));
    const { code, out } = await run('--json');
    const report = JSON.parse(out);
    expect([code, report.health_status]).toEqual([0, 'DEGRADED']);
    const row = report.tests.find(({ id }: { id: string }) => id === 'disk.write');
    expect(row).toMatchObject({ status: 'fail', fix: expect.stringContaining(path.join(folder, 'plug')) });
  });

  it('finds a line that is not there, and prints the fix below it', async () => {
    await writeFile(file(), sound(undefined, 'GPIO99'));
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toMatch(/^FAIL driver\.gpio\.relay1 .*GPIO99.*\n +→ mkdir -p .*GPIO99$/m);
    expect(out).toMatch(/^DEGRADED: \d+ tests, \d+ failed, in \d+ ms/m);
  });

  it('takes no other output than text and json', async () => {
    await writeFile(file(), sound());
    expect(await run('--output', 'xml')).toMatchObject({ code: 64, out: '' });
  });
});
