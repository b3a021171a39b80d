import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { agentUnit, appendPartition, largestGap, readOnlyTable } from '../../build/image/setup/space.ts';

it('a read-only root has its changes in the data partition, and both are mounted without times', () => {
  const table = readOnlyTable(readFileSync('build/image/board/etc/fstab', 'utf8'));
  expect(table).toMatch(/^LABEL=root \/ ext4 ro,noatime/m);
  expect(table).toMatch(/^LABEL=data \/data ext4 rw,noatime/m);
  expect(table).toMatch(/^\/data\/\S+ \/var\/lib\/qn-agent none bind,nofail 0 0$/m);
  expect(table).toMatch(/^LABEL=BOOT /m);
});

it('the agent requires no folder that is in the data partition', () => {
  const unit = readFileSync('build/systemd/qn-agent.service', 'utf8');
  const keys = [...unit.matchAll(/^((?:State|Configuration|Cache|Logs)Directory)=/gm)].map(([, name = '']) => name);
  expect(keys).toContain('StateDirectory');
  const reset = [...agentUnit.text.matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
  expect(new Set(reset)).toEqual(new Set(keys));
});

it('the room for data is behind the root, and not in the gap before the first partition', () => {
  const ofFresh = '  Start     End Sectors  Size\n   2048    8191    6144    3M\n2891776 8388607 5496832  2.6G';
  expect(largestGap(ofFresh)).toEqual({ start: 2_891_776, sectors: 5_496_832 });
  expect(largestGap('Start   End Sectors Size\n 2048  8191    6144   3M')).toEqual({ start: 2_048, sectors: 6_144 });
  expect(largestGap('')).toEqual({ start: 0, sectors: 0 });
});

const toolsMissing = ['sfdisk', 'mke2fs', 'blkid'].some((name) => spawnSync(name, ['-V']).error !== undefined);

it.skipIf(toolsMissing)('a card that is written again has nothing of its life before in the room for data', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-card-'));
  try {
    const device = path.join(folder, 'card');
    const run = (program: string, operands: readonly string[], input = '') =>
      spawnSync(program, operands, { input, encoding: 'utf8' }).stdout;
    const [rootStart, dataStart] = [16_384, 32_768];
    const writeImage = () =>
      run('sfdisk', ['--quiet', device], `start=8192, size=8192\nstart=${rootStart}, size=16384\n`);
    const format = (label: string, start: number, size: string) =>
      run('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', label, '-E', `offset=${start * 512}`, device, size]);
    const labelAt = (start: number) =>
      run('blkid', ['--probe', '-O', String(start * 512), '--match-tag', 'LABEL', '-o', 'value', device]).trim();
    run('truncate', ['--size', '64M', device]);
    writeImage();
    format('root', rootStart, '8M');
    appendPartition({ device, root: '' });
    format('data', dataStart, '16M');
    writeImage();
    expect([rootStart, dataStart].map(labelAt)).toEqual(['root', 'data']);
    appendPartition({ device, root: '' });
    expect(run('sfdisk', ['--dump', device])).toMatch(new RegExp(`start= *${dataStart},`));
    expect([rootStart, dataStart].map(labelAt)).toEqual(['root', '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const mountMissing = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0;

it.skipIf(mountMissing)('a read-only root is so again after a set-up that fails in the middle', () => {
  const tried = `
import { readFileSync, writeFileSync } from 'node:fs';
import { withWritableRoot } from './build/image/setup/writable-root.ts';
const isReadOnly = () => / \\/mnt tmpfs ro,/.test(readFileSync('/proc/self/mounts', 'utf8'));
const write = (text) => {
  writeFileSync('/mnt/written', text);
  if (text === 'half') throw new Error('no space left');
  return text;
};
const attempt = (text) => {
  try {
    return withWritableRoot(true, () => write(text), '/mnt');
  } catch (error) {
    return error.message;
  }
};
console.log(JSON.stringify([isReadOnly(), attempt('half'), isReadOnly(), attempt('all'), isReadOnly()]));`;
  const inside = 'mount -t tmpfs -o ro none /mnt && exec "$0" --input-type=module-typescript --eval "$1"';
  const { stdout } = spawnSync('unshare', ['--mount', 'sh', '-c', inside, process.execPath, tried], {
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout)).toEqual([true, 'no space left', true, 'all', true]);
});
