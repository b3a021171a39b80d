import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSimulatedBoard, createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { openFolderBoard } from '../../drivers/simulated/folder-board.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';

const line = 'GPIO17';
const output = { line, initial: 1, consumer: 'qn-agent' } as const;

describe('a claim on a line of a folder board', () => {
  const prepare = () => {
    const path = mkdtempSync(join(tmpdir(), 'board-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    createSimulatedBoard(path, [line]);
    return { path, gpio: createSimulatedGpio(openFolderBoard(path)) };
  };

  test('a line held by another live process is busy and names it', async () => {
    const { path, gpio } = prepare();
    const other = await holdInOtherProcess(path);
    const opened = await gpio.openOutput(output);
    expect(opened).toMatchObject({ ok: false, error: { kind: 'busy', detail: `held by rival, process ${other.pid}` } });
    await other.stop();
  });

  test('the claim of a process that died is taken over', async () => {
    const { path, gpio } = prepare();
    const other = await holdInOtherProcess(path);
    await other.stop();
    expect(readFileSync(join(path, line, 'consumer'), 'utf8')).toContain(`rival ${other.pid}`);
    await using _output = valueOf(await gpio.openOutput(output));
    expect(readFileSync(join(path, line, 'consumer'), 'utf8')).toContain(`qn-agent ${process.pid}`);
  });

  test('the claim of a process that is dead but not yet asked for by its parent is taken over', async () => {
    const { path, gpio } = prepare();
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [said] = await once(parent.stdout, 'data');
    const pid = Number(String(said));
    await until(() => statOf(pid)[0] === 'Z', 'the end of the child');
    writeFileSync(join(path, line, 'consumer'), `rival ${pid} ${statOf(pid)[19]}\n`);
    await using _output = valueOf(await gpio.openOutput(output));
  });

  test('a claim whose pid came again for another process is taken over', async () => {
    const { path, gpio } = prepare();
    writeFileSync(join(path, line, 'consumer'), `rival ${process.pid} 1\n`);
    await using _output = valueOf(await gpio.openOutput(output));
  });
});

/** The fields of /proc/PID/stat behind the name. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function holdInOtherProcess(path: string) {
  const script = `
    import { openFolderBoard } from '${new URL('../../drivers/simulated/folder-board.ts', import.meta.url).href}';
    const claimed = openFolderBoard(process.argv[1]).claim('${line}', 'rival');
    console.log(claimed.ok);
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('true\n');
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
