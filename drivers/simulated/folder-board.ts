import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicNs } from '../clock.ts';
import { type DriverError, fail } from '../contract/result.ts';
import { driverError } from '../system-error.ts';
import type { SimulatedBoard } from './board.ts';
import { claimLine } from './claim.ts';
import { openFolderLine } from './folder-line.ts';

/**
 * A board that is a folder, shaped like the kernel's gpio-sim, so that a person, a script and a test can be its wires:
 *
 *   <board>/GPIO17/value      what the agent drives, or what an input is pulled to: `0` or `1`
 *   <board>/GPIO17/pull       `pull-up` or `pull-down`, written from outside; an empty line lets go
 *   <board>/GPIO17/log        one line per change of the driven level: monotonic ns, level
 *   <board>/GPIO17/consumer   who holds the line: name, process, start of the process
 *   <board>/GPIO17/fault      written from outside: so many of the next writes fail
 *
 * A line exists if its folder exists, and is unplugged with it. Levels stay when the process is gone, as on a latching board.
 */
export function openFolderBoard(folder: string, nowNs: () => bigint = monotonicNs): SimulatedBoard {
  return {
    claim(line, consumer) {
      if (!isPlainName(line) || !isFolder(join(folder, line))) return fail(absentError(folder, line));
      const place = { folder: join(folder, line), line };
      const claimed = claimLine(place, consumer);
      return claimed.ok ? openFolderLine(place, claimed.value, nowNs) : claimed;
    },
  };
}

/** Whether the name stays inside the board's folder. */
function isPlainName(line: string): boolean {
  return /^[^/\0]+$/.test(line) && line !== '.' && line !== '..';
}

function absentError(folder: string, line: string): DriverError {
  const detail = isFolder(folder)
    ? `the simulated board ${folder} has no line of this name; it has ${lineNames(folder)}`
    : `there is no simulated board in ${folder}`;
  const fixes = { absent: isPlainName(line) ? `mkdir -p ${join(folder, line)}` : 'a line name has no slash' };
  return driverError('absent', { operation: 'open', resource: line, fixes }, detail);
}

function lineNames(folder: string): string {
  const names = readdirSync(folder).sort();
  if (names.length === 0) return 'none';
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
