import { appendFileSync, cpSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { distFolder, needBundle, runProgram, startAgentProcess, startScript } from '../support/agent-process.ts';
import { describeWithMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { changesIn } from '../support/relay-rig.ts';
import { until } from '../support/until.ts';

interface Report {
  readonly health_status: string;
  readonly max_latency_us: number;
  readonly took_ms: number;
  readonly tests: readonly {
    readonly id: string;
    readonly title: string;
    readonly status: string;
    readonly took_us: number;
    readonly detail: string;
    readonly fix?: string;
  }[];
}

let folder = '';
let broker: Mosquitto;
const state = () => path.join(folder, 'state');

async function configFile(more = ''): Promise<string> {
  const file = path.join(folder, 'config.yaml');
  const text = `node: pi-1
mqtt: { brokers: [{ url: "${broker.url}" }] }
gpio: { backend: simulated, board: ${path.join(folder, 'board')} }
state-folder: ${state()}
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17 }
${more}`;
  await writeFile(file, text);
  return file;
}

const order = ['selftest', '--mode', 'full', '--output', 'json', '--config'];
const statusOf = ({ tests }: Report, id: string) => tests.find((row) => row.id === id)?.status;

beforeAll(async () => {
  await needBundle();
  folder = await mkdtemp(path.join(tmpdir(), 'qn-selftest-'));
  mkdirSync(path.join(folder, 'board', 'GPIO17'), { recursive: true });
  broker = await startMosquitto();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describeWithMosquitto('qn-agent selftest', () => {
  it('--mode full: more than 17 tests of everything, over the real broker, within 30 s', async () => {
    const { code, out } = await runProgram('qn-agent', [...order, await configFile()]);
    const report: Report = JSON.parse(out);
    const failed = report.tests.filter(({ status }) => status === 'fail' || status === 'timeout');
    expect(failed.filter(({ id }) => !id.startsWith('loop.'))).toEqual([]); // This machine may be busy.
    expect(code).toBe(0);
    expect(report.tests.length).toBeGreaterThanOrEqual(17);
    for (const { title, detail, took_us } of report.tests) {
      expect([typeof title, typeof detail, took_us >= 0]).toEqual(['string', 'string', true]);
    }
    const passed = ['code.files', 'code.node', 'pool.leak', 'mqtt.roundtrip', 'mqtt.reconnect', 'driver.gpio.relay1'];
    expect(passed.map((id) => statusOf(report, id))).toEqual(passed.map(() => 'pass'));
    expect(report.max_latency_us).toBeGreaterThan(0);
    expect(report.took_ms).toBeLessThan(30_000);
  });

  it('--mode quick: at least 17 tests within a second, broker or not', async () => {
    const quick = order.map((word) => (word === 'full' ? 'quick' : word));
    const { out } = await runProgram('qn-agent', [...quick, await configFile()]);
    const report: Report = JSON.parse(out);
    const failed = report.tests.filter(({ id, status }) => status === 'fail' && !id.startsWith('loop.'));
    expect(failed).toEqual([]); // The loop may be late: this machine may be busy.
    expect(report.tests.length).toBeGreaterThanOrEqual(17);
    expect(report.took_ms).toBeLessThanOrEqual(1_000);
  });

  it('beside the agent that runs, takes its word for what it holds', async () => {
    const file = await configFile();
    await using agent = startAgentProcess(file);
    await until(() => agent.out.includes('self-test-done'), 'a start', 15_000);
    const { out } = await runProgram('qn-agent', [...order.map((word) => (word === 'full' ? 'quick' : word)), file]);
    const report: Report = JSON.parse(out);
    const row = report.tests.find(({ id }) => id === 'driver.gpio.relay1');
    expect(row).toMatchObject({ status: 'pass', detail: expect.stringContaining('the agent that runs') });
  });

  it('does not wait for the dead time of a group, nor switches anything on in it', async () => {
    for (const line of ['GPIO23', 'GPIO24']) mkdirSync(path.join(folder, 'board', line), { recursive: true });
    const member = 'driver: gpio-out, interlock: hoist, dead-time: 60s';
    const file = await configFile(
      `  up: { ${member}, line: GPIO23 }\n  brake: { ${member}, line: GPIO24, safe: { boot: on } }\n`,
    );
    const { out } = await runProgram('qn-agent', [...order, file]);
    const report: Report = JSON.parse(out);
    expect(['driver.up', 'driver.brake'].map((id) => statusOf(report, id))).toEqual(['pass', 'pass']);
    expect(report.took_ms).toBeLessThan(30_000);
    expect(changesIn(path.join(folder, 'board', 'GPIO24', 'log'))).toEqual([]);
  });

  it('finds code that was changed after the build: FAIL', async () => {
    const copy = path.join(folder, 'dist');
    cpSync(distFolder, copy, { recursive: true });
    appendFileSync(path.join(copy, 'parts', 'local-http.cjs'), '\n// One line more.\n');
    const { code, out } = await runCopy(copy, [...order, await configFile()]);
    const report: Report = JSON.parse(out);
    expect(report.tests.find(({ id }) => id === 'code.files')).toMatchObject({
      status: 'fail',
      detail: 'parts/local-http.cjs is not the one that was built',
    });
    expect([report.health_status, code]).toEqual(['FAIL', 1]);
  });

  it('tests two lines that a wire joins, though they are documents, and a wire that is missing is found', async () => {
    mkdirSync(path.join(folder, 'board', 'GPIO27'), { recursive: true });
    const file = await configFile('  gpio.button1: { driver: gpio-in, line: GPIO27 }\n');
    const { out } = await runProgram('qn-agent', ['selftest', '--json', '--loopback', '17:27', '--config', file]);
    const report: Report = JSON.parse(out);
    expect(report.tests.find(({ id }) => id === 'gpio.loopback')).toMatchObject({
      title: 'GPIO27 follows GPIO17',
      status: 'fail',
      fix: 'check the wire between GPIO17 and GPIO27',
    });
    expect(statusOf(report, 'driver.gpio.relay1')).toBeUndefined();
  });

  it.each([
    [['--mode', 'slow'], '--mode takes quick or full, not slow'],
    [['--loopback', '17'], '--loopback takes two lines, like 17:27, not 17'],
    [['--serial-loopback', 'gpio.relay1'], 'gpio.relay1 is no serial document of this config; there is: none'],
  ])('refuses %j', async (more, sentence) => {
    const { code, err } = await runProgram('qn-agent', ['selftest', ...more, '--config', await configFile()]);
    expect([code, err.trim()]).toEqual([64, `qn-agent selftest: ${sentence}`]);
  });

  it('does not believe a clock that stands in the past', async () => {
    const early = path.join(folder, 'early.mjs');
    await writeFile(early, 'const now = Date.now; Date.now = () => now() - 40 * 365 * 86_400_000;\n');
    const bundle = path.join(distFolder, 'qn-agent.cjs');
    const args = ['selftest', '--json', '--config', await configFile()];
    await using running = startScript(bundle, args, { nodeArguments: ['--import', early] });
    await running.ended;
    expect(statusOf(JSON.parse(running.out), 'clock.wall')).toBe('fail');
  });
});

async function runCopy(copy: string, args: readonly string[]) {
  await using running = startScript(path.join(copy, 'qn-agent.cjs'), args);
  const end = await running.ended;
  return { ...end, out: running.out };
}
