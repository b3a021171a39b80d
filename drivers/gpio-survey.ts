import { statSync } from 'node:fs';
import { join } from 'node:path';
import { formatLine, type LineAddress } from './contract/digital.ts';
import type { DriverError, Result } from './contract/result.ts';
import { findChips, surveyChips, withChip } from './gpiochip/chips.ts';
import { isUsed } from './gpiochip/flags.ts';
import { type ChipLayout, resolveLine } from './gpiochip/resolve.ts';
import { loadNativeGpio, type NativeGpio } from './native/addon.ts';
import { isOpenable } from './presence.ts';
import type { GpioSelection } from './registry.ts';
import { lineHolder } from './simulated/claim.ts';
import { readSysfsChips, resolveSysfsNumber } from './sysfs/chips.ts';

/** What can be seen of a line without touching it. */
export type LineSight =
  | { readonly state: 'free' }
  | { readonly state: 'held'; readonly consumer: string; readonly pid?: number }
  | { readonly state: 'absent'; readonly detail: string; readonly fix?: string }
  /** There is no way to it. */
  | { readonly state: 'unknown' };

/** What there is of GPIO, seen by looking only. */
export interface GpioSight {
  /** Device files of chips. */
  readonly chips: readonly { readonly path: string; readonly isOpenable: boolean }[];
  /** Whether the old interface is there. */
  readonly hasSysfs: boolean;
  /** Why no line could be looked at, if so. */
  readonly trouble?: DriverError;
  /** By the name of `formatLine`. */
  readonly lines: ReadonlyMap<string, LineSight>;
}

export interface SurveyOptions {
  /** /dev, /sys: elsewhere in tests. */
  readonly dev: string;
  readonly sys: string;
  readonly load?: () => Result<NativeGpio>;
}

/** Opens no line and drives nothing. */
export async function surveyGpio(
  selection: GpioSelection,
  lines: readonly LineAddress[],
  { dev, sys, load = loadNativeGpio }: SurveyOptions,
): Promise<GpioSight> {
  const found = await findChips(dev);
  const paths = found.ok ? found.value : [];
  const chips = await Promise.all(paths.map(async (path) => ({ path, isOpenable: await isOpenable(path) })));
  const sysfs = await readSysfsChips(join(sys, 'class', 'gpio'));
  const seen = { chips, hasSysfs: sysfs.ok };
  if (selection.backend === 'simulated') return { ...seen, lines: onBoard(selection.board, lines) };
  const wantsSysfs = selection.backend === 'sysfs' || (selection.backend === 'auto' && !found.ok && sysfs.ok);
  if (wantsSysfs) {
    if (!sysfs.ok) return { ...seen, trouble: sysfs.error, lines: new Map() };
    return { ...seen, lines: sightsOf(lines, (line) => sightOf(resolveSysfsNumber(sysfs.value, line))) };
  }
  if (!found.ok) return { ...seen, trouble: found.error, lines: new Map() };
  const native = load();
  if (!native.ok) return { ...seen, trouble: native.error, lines: new Map() };
  return { ...seen, ...onChips(native.value, paths, lines) };
}

/** Each chip is opened and closed again. */
export function onChips(
  native: NativeGpio,
  paths: readonly string[],
  lines: readonly LineAddress[],
): Pick<GpioSight, 'lines' | 'trouble'> {
  const { chips, fault } = surveyChips(native, paths, 'gpio');
  const sights = sightsOf(lines, (line) => onChip(native, chips, line));
  return { lines: sights, ...(fault === undefined ? {} : { trouble: fault }) };
}

function sightsOf(lines: readonly LineAddress[], look: (line: LineAddress) => LineSight): GpioSight['lines'] {
  return new Map(lines.map((line) => [formatLine(line), look(line)]));
}

function onBoard(board: string | undefined, lines: readonly LineAddress[]): GpioSight['lines'] {
  return sightsOf(lines, (line) => {
    if (board === undefined) return { state: 'free' };
    const folder = join(board, formatLine(line));
    if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false)) {
      return { state: 'absent', detail: `the simulated board ${board} has no such line`, fix: `mkdir -p ${folder}` };
    }
    const holder = lineHolder(folder);
    return holder === undefined ? { state: 'free' } : { state: 'held', consumer: holder.consumer, pid: holder.pid };
  });
}

function onChip(native: NativeGpio, chips: readonly ChipLayout[], line: LineAddress): LineSight {
  if (chips.length === 0) return { state: 'unknown' };
  const place = resolveLine(chips, line);
  if (!place.ok) return sightOf(place);
  const { path, offset } = place.value;
  const info = withChip(native, path, formatLine(line), (chip) => native.line(chip, offset));
  if (!info.ok) return { state: 'unknown' };
  const { consumer, flags } = info.value;
  return isUsed(flags) ? { state: 'held', consumer: consumer === '' ? 'the kernel' : consumer } : { state: 'free' };
}

/** Of the old interface it is not known who holds a line. */
function sightOf(place: Result<unknown>): LineSight {
  if (place.ok) return { state: 'free' };
  const { detail, fix } = place.error;
  return { state: 'absent', detail, ...(fix === undefined ? {} : { fix }) };
}
