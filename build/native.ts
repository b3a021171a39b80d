import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Addon, buildAddon, copyNative, type NativeStep } from './native/addon.ts';
import { epollAddon } from './native/epoll.ts';
import { gpiochipAddon } from './native/gpiochip.ts';
import { headerFolder, outputFolder, type Target, targets } from './native/target.ts';
import { readOptions } from './script-options.ts';

/**
 * The native files, in `dist/native/linux-<cpu>/`:
 *
 *   gpiochip.node     compiled from drivers/native: the GPIO character device, and what else of the system Node.js does not reach
 *   epoll.node        compiled from the epoll package against the headers of the pinned Node; onoff needs it
 *   serialport.node   the prebuilt file that comes with the serialport package
 *
 * The epoll file of this CPU is also put into the epoll package itself, where `require('epoll')` looks for it: so onoff
 * runs from source, as in tests, without an install script.
 */
export interface NativeReport {
  readonly steps: readonly NativeStep[];
  /** Whether GPIO can run on this machine, by whichever backend. */
  readonly hasHostAddon: boolean;
}

/** Builds what is missing or stale. Without a compiler it says so in the report; a compiler's error is thrown. */
export function buildNative(): NativeReport {
  const headers = headerFolder();
  const addons: readonly Addon[] = headers === undefined ? [] : [gpiochipAddon(headers), epollAddon(headers)];
  const steps = targets.flatMap((target) => [
    ...addons.map((addon) => buildAddon(addon, target)),
    copySerialport(target),
  ]);
  if (headers === undefined) {
    const detail = 'no node-linux-* package with headers is installed';
    steps.push({ output: 'dist/native', outcome: 'skipped', detail });
  }
  const epoll = join(outputFolder(process.arch), 'epoll.node');
  if (existsSync(epoll)) steps.push(copyNative(epoll, 'node_modules/epoll/build/Release/epoll.node'));
  const hasHostAddon = existsSync(join(outputFolder(process.arch), 'gpiochip.node')) || existsSync(epoll);
  return { steps, hasHostAddon };
}

function copySerialport(target: Target): NativeStep {
  const source = join('node_modules/@serialport/bindings-cpp/prebuilds', target.serialPrebuild);
  const output = join(outputFolder(target.cpu), 'serialport.node');
  if (!existsSync(source)) return { output, outcome: 'skipped', detail: `there is no ${source}` };
  return copyNative(source, output);
}

function main(): void {
  readOptions({
    command: 'npm run build:native',
    summary: 'Builds what is missing or stale of the native files of both CPUs, in dist/native/linux-CPU.',
    options: {},
  });
  const { steps, hasHostAddon } = buildNative();
  for (const { output, outcome, detail } of steps) {
    console.log(`${outcome.padEnd(7)} ${output}${detail === undefined ? '' : `: ${detail}`}`);
  }
  process.exitCode = hasHostAddon ? 0 : 69;
}

if (import.meta.main) main();
