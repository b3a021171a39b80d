import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writePlanned } from './write-files.ts';

/*
 * The image has two partitions, the second is the root. A board either has all of the card as its root, or keeps that
 * as small as it came and gets a third one for what changes. All steps may be done again: a power cut between two of
 * them costs nothing.
 */

/** Where what changes is, on a board with a read-only root. */
export const dataFolder = '/data';
const dataLabel = 'data';
export const dataNumber = 3;
/** 64 MiB: less is no place for a store. */
const dataSectorsMin = 131_072;
const mountTable = '/etc/fstab';

/**
 * The unit of the package requires what its folders are mounted from: a data partition that cannot be mounted would make a
 * board without an agent of it. With this one it goes on with the config of its first start, and remembers nothing.
 */
export const agentUnit = {
  path: '/etc/systemd/system/qn-agent.service.d/data.conf',
  mode: 0o644,
  text: `[Unit]
WantsMountsFor=/etc/qn-agent /var/lib/qn-agent

[Service]
StateDirectory=
ConfigurationDirectory=
ReadWritePaths=-/var/lib/qn-agent
`,
} as const;

/** Folders that programs write to, and what they are called in the data partition. */
const moved = [
  ['/etc/qn-agent', 'qn-agent-config'],
  ['/var/lib/qn-agent', 'qn-agent-state'],
  ['/var/lib/systemd', 'systemd'],
] as const;

export interface Disk {
  /** `/dev/mmcblk0` */
  readonly device: string;
  /** `/dev/mmcblk0p2` */
  readonly root: string;
}

export function findDisk(): Disk {
  const root = output('findmnt', ['--noheadings', '--output', 'SOURCE', '/']);
  return { root, device: `/dev/${output('lsblk', ['--noheadings', '--nodeps', '--output', 'PKNAME', root])}` };
}

/** The root gets all that is behind it. Costs nothing where it has it. */
export function growRoot({ device, root }: Disk): void {
  const number = output('lsblk', ['--noheadings', '--nodeps', '--output', 'PARTN', root]);
  table(device, ['--partno', number], ', +');
  execFileSync('partx', ['--update', '--nr', number, device]);
  execFileSync('resize2fs', [root], { stdio: 'ignore' });
}

/** fresh: as it was written to the card · grown: all of it is the root · divided: the root is read-only. */
export type Layout = 'fresh' | 'grown' | 'divided';

export function layoutOf(disk: Disk): Layout {
  if (readFileSync(mountTable, 'utf8').includes(` ${dataFolder} `)) return 'divided';
  if (existsSync(dataPartition(disk))) return 'fresh'; // The power failed while it was divided.
  return freeSpace(disk).sectors < dataSectorsMin ? 'grown' : 'fresh';
}

interface Gap {
  readonly start: number;
  readonly sectors: number;
}

function freeSpace({ device }: Disk): Gap {
  return largestGap(output('sfdisk', ['--list-free', '--quiet', device]));
}

/** In the list of sfdisk, whose columns are start, end, sectors and size. There is always a small one before the first partition. */
export function largestGap(list: string): Gap {
  const gaps = list.split('\n').map((line) => line.trim().split(/ +/).map(Number));
  return gaps.reduce<Gap>(
    (largest, [start = 0, , sectors = 0]) => (sectors > largest.sectors ? { start, sectors } : largest),
    { start: 0, sectors: 0 },
  );
}

/** Makes the data partition, fills it with what is there, and has the next boot mount it. */
export function separateData(disk: Disk): void {
  const partition = dataPartition(disk);
  if (!existsSync(partition)) {
    appendPartition(disk);
    execFileSync('partx', ['--add', '--nr', String(dataNumber), disk.device]);
    execFileSync('udevadm', ['settle']);
  }
  if (!isFormatted(partition)) execFileSync('mke2fs', ['-q', '-t', 'ext4', '-L', dataLabel, '-m', '1', partition]);
  execFileSync('mkdir', ['-p', dataFolder]);
  execFileSync('mount', [partition, dataFolder]);
  for (const [folder, name] of moved) {
    const target = path.join(dataFolder, name);
    execFileSync('mkdir', ['-p', folder, target]);
    execFileSync('cp', ['-a', `${folder}/.`, target]);
    for (const program of ['chown', 'chmod']) execFileSync(program, ['--reference', folder, target]);
  }
  // As systemd would, for whom it is the folder of the agent no more.
  const state = path.join(dataFolder, 'qn-agent-state');
  execFileSync('chown', ['-R', 'qn-agent:qn-agent', state]);
  execFileSync('chmod', ['0750', state]);
  execFileSync('umount', [dataFolder]);
  writePlanned(agentUnit);
  const text = readOnlyTable(readFileSync(mountTable, 'utf8'));
  writePlanned({ path: mountTable, text, mode: 0o644 });
}

/**
 * Behind the root; by itself sfdisk would take the first gap. A card that was written again still has the data of its life
 * before there, under the same label: sfdisk takes that off before it writes the table.
 */
export function appendPartition(disk: Disk): void {
  table(disk.device, ['--append', '--wipe-partitions', 'always'], `${freeSpace(disk).start}, +`);
}

/** The table of mounts of a writable root, as that of a read-only one. */
export function readOnlyTable(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const kept = lines.map((line) => (/^\S+ \/ /.test(line) ? line.replace(' rw,', ' ro,') : line));
  return `${[
    ...kept,
    // nofail: without it a board whose data partition is broken waits for somebody at its keyboard. A slow one is waited for.
    `LABEL=${dataLabel} ${dataFolder} ext4 rw,noatime,commit=30,errors=remount-ro,nofail,x-systemd.device-timeout=5min 0 2`,
    ...moved.map(([folder, name]) => `${path.join(dataFolder, name)} ${folder} none bind,nofail 0 0`),
    'tmpfs /var/log tmpfs rw,nosuid,nodev,size=16M,mode=0755 0 0',
    'tmpfs /var/tmp tmpfs rw,nosuid,nodev,size=32M,mode=1777 0 0',
  ].join('\n')}\n`;
}

function dataPartition({ device }: Disk): string {
  return `${device}${/\d$/.test(device) ? 'p' : ''}${dataNumber}`;
}

function isFormatted(partition: string): boolean {
  const operands = ['--probe', '--match-tag', 'LABEL', '--output', 'value', partition];
  return spawnSync('blkid', operands, { encoding: 'utf8' }).stdout.trim() === dataLabel;
}

function table(device: string, operands: readonly string[], input: string): void {
  execFileSync('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', ...operands, device], { input });
}

function output(program: string, operands: readonly string[]): string {
  return execFileSync(program, operands, { encoding: 'utf8' }).trim();
}
