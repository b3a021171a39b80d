import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type PwmFile = 'period' | 'duty_cycle' | 'enable' | 'npwm';

/** A file of one number, as the PWM class of the kernel has them. Throws what the system said. */
export function readCount(folder: string, name: PwmFile): number {
  return Number.parseInt(readFileSync(join(folder, name), 'latin1'), 10);
}

export function writeCount(folder: string, name: PwmFile, count: number): void {
  writeFileSync(join(folder, name), `${count}\n`);
}
