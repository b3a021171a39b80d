import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatLine, type LineAddress } from '../contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { codeOf, driverError, systemError } from '../system-error.ts';

export interface SysfsChip {
  readonly label: string;
  /** The number sysfs gives its first line. */
  readonly base: number;
  readonly linesCount: number;
}

const fixes = {
  absent: 'use a kernel with CONFIG_GPIO_SYSFS, or set gpio.backend: simulated to try it without hardware',
  denied: 'add the user to the group gpio, and log in again',
};

/** The chips below `root`, lowest base first. */
export async function readSysfsChips(root: string): Promise<Result<readonly SysfsChip[]>> {
  const failed = { operation: 'open', resource: 'gpio', fixes };
  try {
    const names = (await readdir(root)).filter((name) => /^gpiochip\d+$/.test(name));
    const chips = await Promise.all(names.map((name) => readChip(join(root, name))));
    if (chips.length > 0) return ok(chips.sort((first, second) => first.base - second.base));
    return fail(driverError('absent', failed, `there is no GPIO chip in ${root}`));
  } catch (cause) {
    const isAway = codeOf(cause) === 'ENOENT';
    return fail(isAway ? driverError('absent', failed, `there is no ${root}`, cause) : systemError(cause, failed));
  }
}

async function readChip(folder: string): Promise<SysfsChip> {
  const read = async (name: string) => (await readFile(join(folder, name), 'latin1')).trim();
  const [label, base, linesCount] = await Promise.all([read('label'), read('base'), read('ngpio')]);
  return { label, base: Number(base), linesCount: Number(linesCount) };
}

/**
 * The number of a line in sysfs: the base of its chip and its offset. The base moves between kernels and boards (0,
 * 399, 458, 512, 571 were seen), the label does not. A plain `GPIO17` is offset 17 of the CPU's own chip, whose label
 * begins with `pinctrl-` on every Raspberry Pi.
 */
export function resolveSysfsNumber(chips: readonly SysfsChip[], line: LineAddress): Result<number> {
  const resource = formatLine(line);
  const place = placeOf(line);
  if (place === undefined) return fail(notFound(chips, resource, 'sysfs knows no line names other than GPIO<n>'));
  const chip = chips.find(({ label }) =>
    place.chip === undefined ? label.startsWith('pinctrl-') : label === place.chip,
  );
  if (chip === undefined) return fail(notFound(chips, resource, `no chip is labelled ${place.chip ?? 'pinctrl-…'}`));
  if (Number.isInteger(place.offset) && place.offset >= 0 && place.offset < chip.linesCount) {
    return ok(chip.base + place.offset);
  }
  return fail(notFound(chips, resource, `${chip.label} has the offsets 0 to ${chip.linesCount - 1} only`));
}

function placeOf(line: LineAddress): { readonly chip?: string; readonly offset: number } | undefined {
  if (typeof line !== 'string') return line;
  const [, offset] = /^GPIO(\d+)$/.exec(line) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset) };
}

function notFound(chips: readonly SysfsChip[], resource: string, detail: string): DriverError {
  const labels = chips.map((chip) => `${chip.label} (${chip.linesCount} lines)`).join(', ');
  const fixes = {
    absent: `write { chip: LABEL, offset: N } with one of: ${labels === '' ? 'no chips found' : labels}`,
  };
  return driverError('absent', { operation: 'open', resource, fixes }, detail);
}
