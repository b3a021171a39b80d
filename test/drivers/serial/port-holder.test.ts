import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeHolders } from '../../../drivers/serial/port-holder.ts';
import { createSystemFolders, type FakeSystem } from '../../support/system-folders.ts';

function run(system: FakeSystem, pid: number, name: string, file: string): void {
  const folder = path.join(system.proc, `${pid}`, 'fd');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(system.proc, `${pid}`, 'comm'), `${name}\n`);
  symlinkSync(file, path.join(folder, '7'));
}

test('the process that holds the port is named, through a link to the port too', async () => {
  const system = createSystemFolders();
  const device = path.join(system.dev, 'ttyUSB0');
  writeFileSync(device, '');
  symlinkSync('ttyUSB0', path.join(system.dev, 'scale'));
  mkdirSync(path.join(system.proc, '811')); // It ended while it was looked at.
  run(system, 812, 'picocom', device);
  run(system, 813, 'cat', '/dev/null');
  expect(await describeHolders(path.join(system.dev, 'scale'), system)).toBe('picocom (pid 812)');
});

test('a program of Node.js is named after its script, not after its thread', async () => {
  const { dev, proc } = createSystemFolders();
  const file = path.join(dev, 'ttyUSB0');
  const script = path.join(dev, 'zigbee2mqtt.js');
  writeFileSync(file, '');
  writeFileSync(script, `require('node:fs').openSync('${file}'); console.log('held'); setInterval(() => {}, 1000);`);
  const child = spawn(process.execPath, ['--no-warnings', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  symlinkSync(`/proc/${child.pid}`, path.join(proc, `${child.pid}`));
  expect(await describeHolders(file, { ...createSystemFolders(), proc })).toBe(`zigbee2mqtt.js (pid ${child.pid})`);
  child.kill('SIGKILL');
});

test('this process is named for what it is', async () => {
  const system = createSystemFolders();
  run(system, process.pid, 'node', '/dev/ttyX');
  expect(await describeHolders('/dev/ttyX', system)).toBe('this agent itself');
});

test('no more are named than the bound allows, and nobody when nobody is seen', async () => {
  const system = createSystemFolders();
  expect(await describeHolders('/dev/ttyX', system)).toBeUndefined();
  for (const pid of [1, 2, 3, 4, 5]) run(system, pid, 'cat', '/dev/ttyX');
  expect((await describeHolders('/dev/ttyX', system))?.split(', ')).toHaveLength(4);
});
