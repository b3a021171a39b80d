import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import type { NativeChip, NativeFailure, NativeGpio, NativeResult } from '../native/addon.ts';
import { nativeCause } from '../native/native-cause.ts';
import { driverError, systemError } from '../system-error.ts';
import type { ChipLayout } from './resolve.ts';

const fixes = {
  absent: 'check with: gpiodetect; or set gpio.backend: simulated to try it without hardware',
  denied: 'add the user to the group gpio (usermod -aG gpio NAME), and log in again',
  unsupported: 'use Linux 5.10 or later, or set gpio.backend: sysfs',
};

/** The device files of the chips in `folder`, in the order of their numbers. Links to them are left out. */
export async function findChips(folder: string): Promise<Result<readonly string[]>> {
  const failed = { operation: 'open', resource: 'gpio', fixes };
  try {
    const files = await readdir(folder, { withFileTypes: true });
    const names = files.filter((file) => file.isCharacterDevice() && /^gpiochip\d+$/.test(file.name));
    if (names.length === 0) return fail(driverError('absent', failed, `there is no GPIO chip in ${folder}`));
    return ok(names.map(({ name }) => join(folder, name)).sort(byNumber));
  } catch (cause) {
    return fail(systemError(cause, failed));
  }
}

/** The layout of every chip that can be looked at, and why not of the first that cannot. */
export interface ChipSurvey {
  readonly chips: readonly ChipLayout[];
  readonly fault?: DriverError;
}

/** Looks anew each time: chips on USB come and go. */
export function surveyChips(native: NativeGpio, paths: readonly string[], resource: string): ChipSurvey {
  const looks = paths.map((path) => withChip(native, path, resource, (chip) => readLayout(native, chip, path)));
  const chips = looks.flatMap((look) => (look.ok ? [look.value] : []));
  const fault = looks.find((look) => !look.ok);
  return fault === undefined || fault.ok ? { chips } : { chips, fault: fault.error };
}

/** Opens a chip as long as `act` takes: lines that are requested meanwhile stay. */
export function withChip<Value>(
  native: NativeGpio,
  path: string,
  resource: string,
  act: (chip: NativeChip) => NativeResult<Value>,
): Result<Value> {
  const opened = native.open(path);
  if (!opened.ok) return fail(chipError(resource, path, opened));
  const done = act(opened.value);
  native.close(opened.value);
  return done.ok ? done : fail(chipError(resource, path, done));
}

function readLayout(native: NativeGpio, chip: NativeChip, path: string): NativeResult<ChipLayout> {
  const info = native.info(chip);
  if (!info.ok) return info;
  const lineNames: string[] = [];
  for (let offset = 0; offset < info.value.linesCount; offset += 1) {
    const line = native.line(chip, offset);
    if (!line.ok) return line;
    lineNames.push(line.value.name);
  }
  return { ok: true, value: { path, label: info.value.label, lineNames } };
}

function chipError(resource: string, path: string, failure: NativeFailure): DriverError {
  const failed = { operation: 'open', resource, fixes };
  const cause = nativeCause(failure);
  const detail = `${cause.message}, ${path}`;
  return isOldKernel(failure)
    ? driverError('unsupported', failed, detail, cause)
    : { ...systemError(cause, failed), detail };
}

/** It knows chips, but not version 2 of their interface. */
function isOldKernel({ code, call }: NativeFailure): boolean {
  return call === 'GPIO_V2_GET_LINEINFO_IOCTL' && (code === 'EINVAL' || code === 'ENOTTY');
}

function byNumber(first: string, second: string): number {
  return first.localeCompare(second, 'en', { numeric: true });
}
