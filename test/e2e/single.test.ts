import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { foreignMissing, runnerOf } from '../../build/single/foreign.ts';
import { buildSingle, type SingleReport } from '../../build/single/single.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { needBundle, startProgram } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { connect } from '../support/dev-tools.ts';
import { openListener, statusOf } from '../support/heard.ts';
import { hasMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { ptyMissing } from '../support/pty.ts';
import { until } from '../support/until.ts';
import { openSerialWire } from './serial-wire.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 }); // A snapshot and 140 MB are written, for one CPU by an emulator.

/** Nothing but the program: no Node.js and no tool is found. */
const env = { PATH: '/nowhere', NODE_PATH: '' };

interface SelfTest {
  readonly tests: readonly { readonly id: string; readonly status: string; readonly detail: string }[];
}

describe.each(['x64', 'arm64'] as const)('the single executable for %s', (cpu) => {
  const runner = runnerOf(cpu);
  const isOwn = cpu === process.arch;
  const where = runner === undefined ? ` (skipped: ${foreignMissing(cpu)})` : '';
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-single-'));
  const program = path.join(folder, `qn-agent-${cpu}`);
  let report: SingleReport | undefined;

  /** In a folder of its own, run as the CPU needs it. */
  function start(args: readonly string[]) {
    const [first, ...rest] = [...(runner ?? []), program];
    return startProgram(first ?? program, [...rest, ...args], { cwd: folder, env });
  }

  async function run(args: readonly string[]) {
    await using running = start(args);
    const { code } = await running.ended;
    return { code, out: running.out, err: running.err };
  }

  async function writeConfig(url: string, documents: readonly string[], sections = ''): Promise<void> {
    const board = path.join(folder, 'board');
    if (!existsSync(board)) createSimulatedBoard(board, ['GPIO17']);
    const parts = { url, board, state: path.join(folder, 'state'), documents, sections };
    await writeFile(path.join(folder, 'config.yaml'), configText(parts));
  }

  beforeAll(async () => {
    if (runner === undefined) return;
    await needBundle();
    report = await buildSingle(cpu);
    mkdirSync(folder, { recursive: true });
    cpSync(report.file, program);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(runner === undefined)(`starts from a snapshot, with nothing beside it${where}`, async () => {
    expect(report?.hasSnapshot).toBe(true);
    const { code, out } = await run(['--version']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^qn-agent \d+\.\d+\.\d+ \(QN\/1, node v24\./)]);
    expect(readdirSync(folder)).toEqual([path.basename(program)]);
  });

  it.skipIf(runner === undefined)(`tests itself, the code in it and the file it is${where}`, async () => {
    await writeConfig('mqtt://127.0.0.1:1', ['gpio.relay1: { driver: gpio-out, line: GPIO17 }']);
    if (isOwn) cpSync(`${report?.file ?? ''}.sha256`, `${program}.sha256`); // An emulator is too slow for its 130 MB.
    const rows = async () => {
      const { out } = await run(['selftest', '--config', 'config.yaml', '--mode', 'full', '--output', 'json']);
      const { tests }: SelfTest = JSON.parse(out);
      return Object.fromEntries(tests.map(({ id, ...row }) => [id, row]));
    };
    expect(await rows()).toMatchObject({
      'code.files': { status: 'pass', detail: expect.stringMatching(/^\d+ files inside of the program$/) },
      'code.node': isOwn ? { status: 'pass' } : { status: 'skip', detail: expect.stringContaining('.sha256') },
      'driver.gpio.relay1': { status: 'pass' },
    });
    if (!isOwn) return; // Once is enough.
    await appendFile(program, 'x');
    expect((await rows())['code.node']).toMatchObject({ status: 'fail' });
  });

  /** What the expression is in the agent, while `check` runs. */
  async function inspect(check: (evaluate: (expression: string) => Promise<unknown>) => Promise<void>): Promise<void> {
    await writeConfig('mqtt://127.0.0.1:1', ['gpio.relay1: { driver: gpio-out, line: GPIO17 }']);
    const inspected = { ...env, NODE_OPTIONS: '--inspect=127.0.0.1:0' };
    await using agent = startProgram(program, ['run', '--config', 'config.yaml'], { cwd: folder, env: inspected });
    await until(() => /listening on ws:/.test(agent.err), 'the inspector');
    const tools = await connect(/listening on (ws:\S+)/.exec(agent.err)?.[1] ?? '');
    await check((expression) => tools.send('Runtime.evaluate', { expression }));
    tools.close();
  }

  it.skipIf(!isOwn)('has the bounds of memory of the unit file', () =>
    inspect(async (evaluate) => {
      const answer = await evaluate(
        'process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit / 2 ** 20',
      );
      expect(answer).toMatchObject({ result: { value: 64 + 3 * 4 } }); // Old objects, and young ones three times.
    }),
  );

  it.skipIf(!isOwn)('compiles functions that are called often, once it is ready', () =>
    inspect(async (evaluate) => {
      // Of the hundred calls of each nothing is optimized yet. Others each time: what V8 has seen called before it was ready
      // it compiles no more until it is optimized.
      const compiledBytes = `(() => {
        const spaces = () => process.getBuiltinModule('node:v8').getHeapSpaceStatistics();
        const used = () => spaces().find(({ space_name: name }) => name === 'code_space').space_used_size;
        const before = used();
        for (let index = 0; index < 100; index += 1) {
          const add = Function('left', 'right', 'return left + right + ' + (before + performance.now() + index));
          for (let call = 0; call < 100; call += 1) add(call, index);
        }
        return used() - before;
      })()`;
      const isCompiled = async () =>
        (JSON.parse(JSON.stringify(await evaluate(compiledBytes))).result.value ?? 0) > 10_000;
      await vi.waitUntil(isCompiled, { timeout: 20_000, interval: 200 });
    }),
  );

  it.skipIf(!isOwn || !hasMosquitto || ptyMissing)('runs as an agent: pins, a serial port, store, HTTP', async () => {
    await using broker = await startMosquitto();
    await using wire = await openSerialWire();
    const documents = [
      'gpio.relay1: { driver: gpio-out, line: GPIO17, safe: { crash: on } }',
      `serial.x: { driver: serial-line, port: ${wire.port}, delimiter: "\\r\\n", append: "\\r\\n" }`,
    ];
    await writeConfig(broker.url, documents, `http: { socket: ${folder}/http.sock }`);
    await using listener = await openListener(broker.port);
    await using agent = start(['run', '--config', 'config.yaml']);
    expect(statusOf(await listener.hear({ verb: 'health' }, 20_000))).toBe('online');
    expect([agent.out, agent.err]).toEqual(['', '']); // Neither a part nor a native file is missing.
    await listener.say('qn/1/pi-1/notify/gpio.relay1', 'ON');
    await listener.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    await listener.say('qn/1/pi-1/notify/gpio.relay1', 'OFF');
    const wireOf = () => readFileSync(path.join(folder, 'board/GPIO17/value'), 'utf8').trim();
    await until(() => wireOf() === '0', 'the relay goes off');
    await listener.say('qn/1/pi-1/notify/serial.x', 'TARE');
    expect((await wire.receive(6)).toString()).toBe('TARE\r\n');
    expect(existsSync(path.join(folder, 'state/store/store.db'))).toBe(true);
    expect(await fetchPage(`${folder}/http.sock`, '/')).toContain('<!doctype html>');
    expect(await fetchPage(`${folder}/http.sock`, '/debug/profile?seconds=0.1')).toContain('"nodes"');
    await agent.end('SIGKILL');
    await until(() => wireOf() === '1', 'the guard, which is the same program, drives the crash state');
  });
});

function fetchPage(socketPath: string, page: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ socketPath, path: page }, (response) => resolve(text(response)));
    asked.on('error', reject);
  });
}
