import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GuestResult } from '../guest/vitest.ts';
import type { BoardImage } from './image.ts';
import { guestBundle, type Initrd } from './initrd.ts';
import { createUnbundler } from './unbundle.ts';

/** The machine is switched off by force after this; it takes 30 s where it has a processor for itself. */
const machineMsMax = 900_000;

/** The last one: what QEMU has translated of a program is good for the next process only if it lies where it lay before. */
const kernelOptions = 'console=ttyAMA0 panic=-1 quiet loglevel=3 norandmaps mitigations=off audit=0 cryptomgr.notests';

export interface MachinePlan {
  readonly initrd: Initrd;
  /** Which of the tests: a word of guest/main.ts. */
  readonly part: string;
  /** For the cable between the serial cards. */
  readonly folder: string;
  readonly consoleLog: string;
}

export interface MachineRun {
  readonly results: readonly GuestResult[];
  /** Why the run counts for nothing, whatever the results are. */
  readonly fault?: string;
  /** Of a part that measures, in ms. */
  readonly samples: readonly number[];
  /** From switching on to the first test. */
  readonly bootMs: number;
}

/** Boots the image and collects what this part of the tests tells on the console, which also goes to a file. */
export async function runMachine(
  image: BoardImage,
  { initrd, part, folder, consoleLog }: MachinePlan,
): Promise<MachineRun> {
  const startMs = performance.now();
  const operands = machineOperands(image, initrd.archive, part, folder);
  const machine = spawn('nice', ['-n', '5', 'qemu-system-aarch64', ...operands], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(machine, 'exit');
  const limit = setTimeout(() => machine.kill('SIGKILL'), machineMsMax);
  const log = createWriteStream(consoleLog);
  let complaints = '';
  machine.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const unbundle = createUnbundler(guestBundle, initrd.sourceMap);
  const results: GuestResult[] = [];
  const samples: number[] = [];
  let toldCount: number | undefined;
  let bootMs = 0;
  for await (const line of createInterface({ input: machine.stdout })) {
    log.write(`${line}\n`);
    const [, word, rest = ''] = /^(init: ready|results?|sample) (.*)$/.exec(line.trimEnd()) ?? [];
    if (word === 'init: ready') bootMs = performance.now() - startMs;
    if (word === 'result') results.push(JSON.parse(unbundle(rest)) as GuestResult);
    if (word === 'sample') samples.push(Number(rest));
    if (word === 'results') toldCount = Number(rest);
  }
  await ended;
  clearTimeout(limit);
  log.end();
  if (toldCount === results.length && toldCount > 0) return { results, samples, bootMs };
  const how = toldCount === undefined ? 'the tests did not come to their end' : `${toldCount} results were told`;
  return { results, samples, bootMs, fault: `${how}, ${results.length} arrived; see ${consoleLog}\n${complaints}` };
}

function machineOperands(
  { kernel, root }: BoardImage,
  initrd: string,
  part: string,
  folder: string,
): readonly string[] {
  const cable = join(folder, `${part}.sock`); // The null modem: one serial card listens, the other one connects.
  return [
    // Its clock goes by instructions (4 ns each) while it works: however busy this machine is, nothing is late in there.
    ...['-M', 'virt', '-cpu', 'cortex-a72', '-m', '512', '-icount', 'shift=2'],
    ...['-nodefaults', '-nographic', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', `${kernelOptions} qn.part=${part}`],
    ...['-drive', `if=none,id=root,format=raw,readonly=on,file=${root}`, '-device', 'virtio-blk-pci,drive=root'],
    ...['-chardev', `socket,id=left,path=${cable},server=on,wait=off`, '-device', 'pci-serial,chardev=left'],
    ...['-chardev', `socket,id=right,path=${cable}`, '-device', 'pci-serial,chardev=right'],
  ];
}
