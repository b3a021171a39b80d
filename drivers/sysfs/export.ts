import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DriverClock, pause } from '../clock.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { sysfsExportTriesMax, sysfsExportTryEveryMs } from '../limits.ts';
import { codeOf, driverError, systemError } from '../system-error.ts';

export interface SysfsLine {
  readonly resource: string;
  readonly number: number;
}

const deniedFix = 'add the user to the group gpio (usermod -aG gpio NAME), and check the udev rule for /sys/class/gpio';

/**
 * Makes the kernel show the files of a line and waits until this user may write them: udev hands them to the group a
 * moment later. A line that is exported already is taken as it is, because an agent that crashed leaves it so.
 */
export async function exportLine(root: string, line: SysfsLine, clock: DriverClock): Promise<Result<void>> {
  const folder = lineFolder(root, line.number);
  if ((await tryAccess(folder, constants.F_OK)) !== undefined) {
    try {
      await writeFile(join(root, 'export'), String(line.number));
    } catch (cause) {
      return fail(exportError(cause, line));
    }
  }
  for (let triesCount = 1; ; triesCount += 1) {
    const cause = await firstUnreachable(folder);
    if (cause === undefined) return ok();
    if (triesCount === sysfsExportTriesMax) return fail(unreachableError(cause, line));
    await pause(clock, sysfsExportTryEveryMs);
  }
}

export const lineFolder = (root: string, number: number): string => join(root, `gpio${number}`);

export async function unexportLine(root: string, line: SysfsLine): Promise<void> {
  // A line that is not given back is taken over by the next start; there is nothing better to do about it.
  await writeFile(join(root, 'unexport'), String(line.number)).catch(() => undefined);
}

async function firstUnreachable(folder: string): Promise<unknown> {
  for (const name of ['value', 'direction', 'active_low']) {
    const cause = await tryAccess(join(folder, name), constants.R_OK | constants.W_OK);
    if (cause !== undefined) return cause;
  }
  // A line without interrupts has no such file.
  const cause = await tryAccess(join(folder, 'edge'), constants.R_OK | constants.W_OK);
  return codeOf(cause) === 'ENOENT' ? undefined : cause;
}

async function tryAccess(path: string, mode: number): Promise<unknown> {
  try {
    await access(path, mode);
    return undefined;
  } catch (cause) {
    return cause;
  }
}

function exportError(cause: unknown, { resource, number }: SysfsLine): DriverError {
  const fixes = { denied: deniedFix, busy: 'see who holds it with: gpioinfo' };
  const failed = { operation: 'open', resource, fixes };
  const code = codeOf(cause);
  if (code === 'EBUSY') {
    return driverError('busy', failed, `a kernel driver or another program holds line ${number}`, cause);
  }
  if (code === 'EINVAL') {
    return driverError('absent', failed, `the kernel has no line ${number}; the base of its chip has moved`, cause);
  }
  return systemError(cause, failed);
}

function unreachableError(cause: unknown, { resource, number }: SysfsLine): DriverError {
  const failed = { operation: 'open', resource, fixes: { denied: deniedFix } };
  if (codeOf(cause) !== 'ENOENT') return systemError(cause, failed);
  return driverError('io', failed, `line ${number} was exported, but its files did not appear`, cause);
}
