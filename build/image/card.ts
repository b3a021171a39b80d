import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../run-tool.ts';
import { bootMb, freeMb } from './recipe.ts';

/** A card begins with its table; partitions begin at whole MiB, as flash memory has its blocks. */
const startMb = 4;
const sectorsPerMb = 2_048;

export interface CardParts {
  readonly boot: string;
  readonly root: string;
}

/** An image of a card from two folders. Nothing is mounted: each file system is made as a file, and put in its place. */
export async function makeCard({ boot, root }: CardParts, folder: string, target: string): Promise<void> {
  const fat = path.join(folder, 'boot.vfat');
  const ext4 = path.join(folder, 'root.ext4');
  await runTool('mkfs.vfat', ['-F', '32', '-n', 'BOOT', '-C', fat, String(bootMb * 1_024)]);
  await runTool('sh', ['-c', 'mcopy -i "$1" -s -Q "$2"/* ::', 'mcopy', fat, boot]);
  const rootMb = Math.ceil(Number((await runTool('du', ['-sm', root])).split('\t')[0]) * 1.1) + freeMb;
  await runTool('mke2fs', ['-q', '-t', 'ext4', '-L', 'root', '-m', '1', '-d', root, ext4, `${rootMb}M`]);
  await rm(target, { force: true });
  await runTool('truncate', ['-s', `${startMb + bootMb + rootMb}M`, target]);
  const table = [
    'label: dos',
    `start=${startMb * sectorsPerMb}, size=${bootMb * sectorsPerMb}, type=c, bootable`,
    `start=${(startMb + bootMb) * sectorsPerMb}, size=${rootMb * sectorsPerMb}, type=83`,
  ].join('\n');
  await runTool('sh', ['-c', 'echo "$1" | sfdisk --quiet "$2"', 'sfdisk', table, target]);
  await place(fat, target, startMb);
  await place(ext4, target, startMb + bootMb);
}

/** Empty blocks stay holes. */
async function place(source: string, target: string, mb: number): Promise<void> {
  const operands = [`if=${source}`, `of=${target}`, 'bs=1M', `seek=${mb}`, 'conv=notrunc,sparse', 'status=none'];
  await runTool('dd', operands);
}
