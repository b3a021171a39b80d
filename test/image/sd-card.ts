import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installCommand } from './readme-commands.ts';

/** Of the first partition; build/image/card.ts puts it there. */
const bootOffset = '4M';

/** A copy of an image that is as large as a card, and that one edits as a person does. */
export interface SdCard {
  readonly file: string;
  /** A text file of the partition that every computer can read; undefined where there is none. */
  read(name: string): string | undefined;
  write(name: string, text: string): void;
  /** Copies one out of it. */
  take(name: string, target: string): void;
  /** As an old card does: nobody finds a file system in that partition any more. */
  breakPartition(number: number): void;
}

/**
 * With the command of the README, onto a file instead of a device. `sizeMb`: a power of two, which QEMU wants of SD cards;
 * what is empty takes no room on the disk.
 */
export function writeCard(image: string, folder: string, sizeMb = 4_096): SdCard {
  const file = path.join(folder, 'card.img');
  const command = installCommand('xz -dc').replace('dist/qn-agent_*_arm64.img.xz', '"$1"').replace('/dev/sdX', '"$2"');
  execFileSync('sh', ['-c', command.replace('conv=fsync', 'conv=sparse'), 'sh', image, file], { stdio: 'ignore' });
  execFileSync('truncate', ['-s', `${sizeMb}M`, file]);
  return openCard(file, folder);
}

function openCard(file: string, folder: string): SdCard {
  const partition = `${file}@@${bootOffset}`;
  const draft = path.join(folder, 'draft');
  // Nobody else uses the file: the board is off when its card is edited.
  const env = { ...process.env, MTOOLS_SKIP_CHECK: '1' };
  const copy = (source: string, target: string) =>
    execFileSync('mcopy', ['-o', '-i', partition, source, target], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const take = (name: string, target: string) => void copy(`::${name}`, target);
  return {
    file,
    take,
    read(name) {
      try {
        take(name, draft);
      } catch (error) {
        if (String(error).includes('not found')) return undefined;
        throw error;
      }
      return readFileSync(draft, 'utf8');
    },
    breakPartition(number) {
      const { partitiontable } = JSON.parse(execFileSync('sfdisk', ['--json', file], { encoding: 'utf8' }));
      const { start } = partitiontable.partitions[number - 1];
      const zeros = ['if=/dev/zero', `of=${file}`, `seek=${start}`, 'bs=512', 'count=8192', 'conv=notrunc'];
      execFileSync('dd', zeros, { stdio: 'ignore' });
    },
    write(name, text) {
      writeFileSync(draft, text);
      copy(draft, `::${name}`);
    },
  };
}

/** What the firmware of the processor loads, as its config.txt says. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
}

export function takeBootFiles(card: SdCard, folder: string): BootFiles {
  const config = card.read('config.txt') ?? '';
  const [, kernel] = /^kernel=(\S+)$/m.exec(config) ?? [];
  const [, initrd] = /^initramfs (\S+)/m.exec(config) ?? [];
  if (kernel === undefined || initrd === undefined) throw new Error(`config.txt names no kernel to start:\n${config}`);
  card.take(kernel, path.join(folder, 'kernel'));
  card.take(initrd, path.join(folder, 'initrd'));
  const commandLine = (card.read('cmdline.txt') ?? '').trim();
  return { kernel: path.join(folder, 'kernel'), initrd: path.join(folder, 'initrd'), commandLine };
}
