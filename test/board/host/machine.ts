import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GuestResult } from '../guest/vitest.ts';
import type { BoardImage } from './image.ts';

/** The machine is switched off by force after this; it takes 60 s where it has two processors for itself. */
const machineMsMax = 240_000;

export interface MachineRun {
  readonly results: readonly GuestResult[];
  /** Why the run counts for nothing, whatever the results are. */
  readonly fault?: string;
  /** From switching on to the first test. */
  readonly bootMs: number;
}

/** Boots the image and collects what the tests in it tell on the console, which also goes to `consoleLog`. */
export async function runMachine(
  image: BoardImage,
  initrd: string,
  folder: string,
  consoleLog: string,
): Promise<MachineRun> {
  const startMs = performance.now();
  const operands = machineOperands(image, initrd, folder);
  const machine = spawn('nice', ['-n', '10', 'qemu-system-aarch64', ...operands], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(machine, 'exit');
  const limit = setTimeout(() => machine.kill('SIGKILL'), machineMsMax);
  const log = createWriteStream(consoleLog);
  let complaints = '';
  machine.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const results: GuestResult[] = [];
  let toldCount: number | undefined;
  let bootMs = 0;
  for await (const line of createInterface({ input: machine.stdout })) {
    log.write(`${line}\n`);
    const [, word, rest = ''] = /^(init: ready|results?) (.*)$/.exec(line.trimEnd()) ?? [];
    if (word === 'init: ready') bootMs = performance.now() - startMs;
    if (word === 'result') results.push(JSON.parse(rest) as GuestResult);
    if (word === 'results') toldCount = Number(rest);
  }
  await ended;
  clearTimeout(limit);
  log.end();
  if (toldCount === results.length && toldCount > 0) return { results, bootMs };
  const how = toldCount === undefined ? 'the tests did not come to their end' : `${toldCount} results were told`;
  return { results, bootMs, fault: `${how}, ${results.length} arrived; see ${consoleLog}\n${complaints}` };
}

function machineOperands({ kernel, root }: BoardImage, initrd: string, folder: string): readonly string[] {
  const cable = join(folder, 'cable.sock'); // The null modem: one serial card listens, the other one connects.
  return [
    ...['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', '512', '-accel', 'tcg,thread=multi'],
    ...['-nodefaults', '-nographic', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyAMA0 panic=-1 quiet loglevel=3'],
    ...['-drive', `if=none,id=root,format=raw,readonly=on,file=${root}`, '-device', 'virtio-blk-pci,drive=root'],
    ...['-chardev', `socket,id=left,path=${cable},server=on,wait=off`, '-device', 'pci-serial,chardev=left'],
    ...['-chardev', `socket,id=right,path=${cable}`, '-device', 'pci-serial,chardev=right'],
  ];
}
