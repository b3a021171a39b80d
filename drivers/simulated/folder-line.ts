import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Level } from '../contract/digital.ts';
import { fail, ok, type Result } from '../contract/result.ts';
import { type FailedOperation, systemError } from '../system-error.ts';
import type { SimulatedLine } from './board.ts';
import { type PullWatch, watchPull } from './pull.ts';
import { openWireLog, type WireLog } from './wire-log.ts';

/** Where a line of a folder board lies, and how the config calls it. */
export interface LinePlace {
  readonly folder: string;
  readonly line: string;
}

const valueBytes = 2;

/** Opens the files of a line that `claim` already holds; the claim ends with the line, or here when opening fails. */
export function openFolderLine(place: LinePlace, claim: Disposable, nowNs: () => bigint): Result<SimulatedLine> {
  const opened = attempt({ operation: 'open', resource: place.line }, () => openValue(join(place.folder, 'value')));
  if (!opened.ok) {
    claim[Symbol.dispose]();
    return opened;
  }
  return ok(attachLine(place, opened.value, claim, openWireLog(join(place.folder, 'log'), nowNs)));
}

function attachLine(place: LinePlace, valueFile: number, claim: Disposable, log: WireLog): SimulatedLine {
  const resource = place.line;
  let isHeld = true;
  let pull: PullWatch | undefined;
  return {
    drive: (level) =>
      attempt({ operation: 'write', resource }, () => {
        statSync(place.folder); // Whoever removes it unplugs the line.
        useUpFault(join(place.folder, 'fault'));
        const isChange = readValue(valueFile) !== level;
        writeValue(valueFile, level);
        if (isChange) log.append(level);
      }),
    level: () =>
      attempt({ operation: 'read', resource }, () => {
        statSync(place.folder);
        return pull?.read() ?? readValue(valueFile);
      }),
    sense: (bias, changed) =>
      attempt({ operation: 'open', resource, fixes: { io: 'raise fs.inotify.max_user_instances' } }, () => {
        pull = watchPull(place.folder, bias, (level) => {
          writeValue(valueFile, level);
          changed(level);
        });
        writeValue(valueFile, pull.read());
      }),
    release() {
      if (!isHeld) return;
      isHeld = false;
      pull?.[Symbol.dispose]();
      closeSync(valueFile);
      claim[Symbol.dispose]();
    },
  };
}

/** Counts a planted fault down and throws; does nothing where none is planted. */
function useUpFault(path: string): void {
  if (!existsSync(path)) return;
  const leftCount = Number.parseInt(readFileSync(path, 'latin1'), 10);
  if (!(leftCount > 0)) return;
  writeFileSync(path, `${leftCount - 1}\n`);
  throw new Error(`the file ${path} makes this write fail`);
}

function attempt<Value>(failed: FailedOperation, act: () => Value): Result<Value> {
  try {
    return ok(act());
  } catch (cause) {
    return fail(systemError(cause, failed));
  }
}

function openValue(path: string): number {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o664);
  // Only what is too long is cut: an empty file, even for a moment, would be a glitch for those who read it.
  if (fstatSync(file).size > valueBytes) ftruncateSync(file, valueBytes);
  return file;
}

/** An empty file is a wire nobody ever drove: low. */
function readValue(file: number): Level {
  const bytes = Buffer.alloc(1);
  readSync(file, bytes, 0, 1, 0);
  return bytes.toString('latin1') === '1' ? 1 : 0;
}

/** Two bytes in one call: a reader sees the old level or the new one. */
function writeValue(file: number, level: Level): void {
  writeSync(file, `${level}\n`, 0);
}
