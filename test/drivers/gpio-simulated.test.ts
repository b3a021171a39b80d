import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Level } from '../../drivers/contract/digital.ts';
import { createSimulatedBoard, createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { openFolderBoard } from '../../drivers/simulated/folder-board.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { openWireLog } from '../../drivers/simulated/wire-log.ts';
import { digitalInputSuite } from '../contract/digital-input.suite.ts';
import { digitalOutputSuite } from '../contract/digital-output.suite.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';

const line = 'GPIO17';
const absentLine = 'GPIO99';
const labelled = { chip: 'pinctrl-bcm2711', offset: 4 };

digitalOutputSuite('simulated, in memory', async () => {
  const board = createMemoryBoard({ lines: [line] });
  const wire = board.wire(line);
  const backend = createSimulatedGpio(board);
  const changes = () => wire.edges.map((edge) => edge.level);
  return {
    backend,
    line,
    absentLine,
    level: () => wire.level,
    changes,
    leave: (level) => wire.pull(level),
    [Symbol.asyncDispose]: backend[Symbol.asyncDispose],
  };
});

digitalInputSuite('simulated, in memory', async () => {
  const board = createMemoryBoard({ lines: [line] });
  const backend = createSimulatedGpio(board);
  const pull = (level: Level) => board.wire(line).pull(level);
  return { backend, line, absentLine, pull, isFast: true, [Symbol.asyncDispose]: backend[Symbol.asyncDispose] };
});

digitalOutputSuite('simulated, in a folder', async () => {
  const folder = createFolder();
  createSimulatedBoard(folder.path, [labelled]);
  const read = (name: string) => readFileSync(join(folder.path, 'pinctrl-bcm2711:4', name), 'utf8');
  return {
    backend: createSimulatedGpio(openFolderBoard(folder.path)),
    line: labelled,
    absentLine,
    level: () => levelOf(read('value')),
    changes: () => logged(folder.path, 'pinctrl-bcm2711:4'),
    leave: (level) => writeFileSync(join(folder.path, 'pinctrl-bcm2711:4', 'value'), `${level}\n`),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
});

digitalInputSuite('simulated, in a folder', async () => {
  const folder = createFolder();
  createSimulatedBoard(folder.path, [line]);
  return {
    backend: createSimulatedGpio(openFolderBoard(folder.path)),
    line,
    absentLine,
    pull: (level) => pullFile(folder.path, level === 1 ? 'pull-up\n' : 'pull-down\n'),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
});

describe('a simulated board in a folder', () => {
  const prepare = () => {
    const folder = createFolder();
    onTestFinished(folder[Symbol.asyncDispose]);
    createSimulatedBoard(folder.path, [line]);
    return { path: folder.path, gpio: createSimulatedGpio(openFolderBoard(folder.path)) };
  };
  const output = { line, initial: 1, consumer: 'qn-agent' } as const;

  test('a level stays on the wire when the line is given back, and the next opening starts from it', async () => {
    const { path, gpio } = prepare();
    const first = valueOf(await gpio.openOutput(output));
    await first[Symbol.asyncDispose]();
    expect(readFileSync(join(path, line, 'value'), 'utf8')).toBe('1\n');
    await using _second = valueOf(await gpio.openOutput(output));
    expect(logged(path, line)).toEqual([1]);
  });

  test('laying out a board again leaves its levels alone', async () => {
    const { path, gpio } = prepare();
    await using _output = valueOf(await gpio.openOutput(output));
    createSimulatedBoard(path, [line, 'GPIO18']);
    expect(readFileSync(join(path, line, 'value'), 'utf8')).toBe('1\n');
    expect(readFileSync(join(path, 'GPIO18', 'value'), 'utf8')).toBe('0\n');
  });

  test('the log has a monotonic stamp before each level', async () => {
    const { path, gpio } = prepare();
    const beforeNs = process.hrtime.bigint();
    await using _output = valueOf(await gpio.openOutput(output));
    const [stamp] = readFileSync(join(path, line, 'log'), 'utf8').split(' ');
    expect(BigInt(stamp ?? '')).toBeGreaterThan(beforeNs);
    expect(BigInt(stamp ?? '')).toBeLessThan(process.hrtime.bigint());
  });

  test('the log begins anew at its limit and keeps one old file', () => {
    const path = join(prepare().path, 'log');
    const log = openWireLog(path, () => 1n, 8); // Two rows of four bytes.
    for (const level of [1, 0, 1, 0, 1] as const) log.append(level);
    expect(readFileSync(path, 'utf8')).toBe('1 1\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('1 1\n1 0\n');
  });

  test('as many writes fail as the file fault says, and the wire does not notice', async () => {
    const { path, gpio } = prepare();
    await using held = valueOf(await gpio.openOutput(output));
    writeFileSync(join(path, line, 'fault'), '2\n');
    for (const level of [0, 0] as const) expect(held.write(level)).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(logged(path, line)).toEqual([1]);
    expect(held.write(0)).toEqual({ ok: true });
  });

  test('the bias decides until somebody pulls, and again when he lets go', async () => {
    const { path, gpio } = prepare();
    await using input = valueOf(await gpio.openInput({ line, bias: 'pull-up', consumer: 'qn-agent' }));
    const levels: Level[] = [];
    input.onEdge((edge) => levels.push(edge.level));
    expect(readFileSync(join(path, line, 'value'), 'utf8')).toBe('1\n');
    pullFile(path, 'pull-down\n');
    await until(() => levels.length === 1, 'the edge of the pull');
    expect(readFileSync(join(path, line, 'value'), 'utf8')).toBe('0\n');
    pullFile(path, '\n');
    await until(() => levels.length === 2, 'the edge of letting go');
    expect(levels).toEqual([0, 1]);
  });

  test('an empty file and text without meaning are no pull', async () => {
    const { path, gpio } = prepare();
    pullFile(path, 'pull-up\n');
    await using input = valueOf(await gpio.openInput({ line, bias: 'as-is', consumer: 'qn-agent' }));
    const levels: Level[] = [];
    input.onEdge((edge) => levels.push(edge.level));
    for (const text of ['', 'pull', 'sideways\n']) {
      pullFile(path, text);
      expect(input.read()).toEqual({ ok: true, value: 1 });
    }
    pullFile(path, 'pull-down\n');
    await until(() => levels.length > 0, 'the edge');
    expect(levels).toEqual([0]);
  });

  test('a name that leads out of the folder is absent', async () => {
    const opened = await prepare().gpio.openOutput({ ...output, line: '../GPIO17' });
    expect(opened).toMatchObject({ ok: false, error: { kind: 'absent' } });
  });

  test('an absent line says which there are and how to add one', async () => {
    const { path, gpio } = prepare();
    const opened = await gpio.openOutput({ ...output, line: absentLine });
    expect(opened).toMatchObject({ error: { fix: `mkdir -p ${path}/GPIO99` } });
    expect(opened).toMatchObject({ error: { detail: expect.stringContaining('it has GPIO17') } });
  });
});

describe('simulated weather', () => {
  test('writes fail after the given count, with the given kind, and the wire keeps its level', async () => {
    const board = createMemoryBoard();
    const gpio = createSimulatedGpio(board, { weather: { failWritesAfterCount: 2, writeErrorKind: 'timeout' } });
    await using output = valueOf(await gpio.openOutput({ line, initial: 0, consumer: 'qn-agent' }));
    expect([output.write(1), output.write(0)]).toEqual([{ ok: true }, { ok: true }]);
    expect(output.write(1)).toMatchObject({ ok: false, error: { kind: 'timeout', operation: 'write' } });
    expect(board.wire(line).level).toBe(0);
  });

  test('opening waits as long as it is told', async () => {
    const delaysMs: number[] = [];
    const clock = {
      after(delayMs: number, action: () => void) {
        delaysMs.push(delayMs);
        queueMicrotask(action);
        return { [Symbol.dispose]() {} };
      },
    };
    const gpio = createSimulatedGpio(createMemoryBoard(), { weather: { openLatencyMs: 300 }, clock });
    await using _output = valueOf(await gpio.openOutput({ line, initial: 0, consumer: 'qn-agent' }));
    expect(delaysMs).toEqual([300]);
  });
});

function createFolder() {
  const path = mkdtempSync(join(tmpdir(), 'board-'));
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true }) };
}

function levelOf(text: string): Level {
  expect(text).toMatch(/^[01]\n$/);
  return text === '1\n' ? 1 : 0;
}

function pullFile(path: string, text: string): void {
  writeFileSync(join(path, line, 'pull'), text);
}

function logged(path: string, name: string): readonly Level[] {
  const rows = readText(join(path, name, 'log'))
    .split('\n')
    .filter((row) => row !== '');
  return rows.map((row) => levelOf(`${row.split(' ')[1]}\n`));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // A line that never changed has no log.
  }
}
