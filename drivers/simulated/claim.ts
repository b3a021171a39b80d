import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../contract/result.ts';
import { codeOf, driverError, systemError } from '../system-error.ts';
import type { LinePlace } from './folder-line.ts';

export interface Holder {
  readonly consumer: string;
  readonly pid: number;
  /** Clock ticks from the start of the machine to that of the process: pids come again, this does not. */
  readonly startTicks: string;
}

/**
 * Holds a line by a file that names the process. The claim of a dead process is taken over, also while its parent has
 * not yet asked how it ended.
 *
 * Not promised: that only one of two processes gets it which take over the same dead claim in the same moment.
 */
export function claimLine(place: LinePlace, consumer: string): Result<Disposable> {
  const path = join(place.folder, 'consumer');
  const failed = { operation: 'open', resource: place.line };
  const mine = `${consumer} ${process.pid} ${processOf(process.pid).startTicks}\n`;
  const draft = `${path}.${process.pid}`;
  try {
    // Written first and linked then, so that nobody ever reads half a claim.
    writeFileSync(draft, mine);
    const holder = linkNew(draft, path) ? undefined : readHolder(path);
    if (holder !== undefined && isAlive(holder)) {
      const fixes = { busy: `stop process ${holder.pid} to free it` };
      return fail(driverError('busy', { ...failed, fixes }, `held by ${holder.consumer}, process ${holder.pid}`));
    }
    renameSync(draft, path);
    return ok({ [Symbol.dispose]: () => rmSync(path, { force: true }) });
  } catch (cause) {
    return fail(systemError(cause, failed));
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Who holds the line in this folder; undefined: nobody who still lives. */
export function lineHolder(folder: string): Holder | undefined {
  const holder = readHolder(join(folder, 'consumer'));
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** False when there is a claim already. */
function linkNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

/** Undefined for a claim that nobody could have written, and one that was given up meanwhile. */
function readHolder(path: string): Holder | undefined {
  const [, consumer, pid, startTicks] = /^(.*) (\d+) (\d+)\n$/.exec(readText(path) ?? '') ?? [];
  if (consumer === undefined || pid === undefined || startTicks === undefined) return undefined;
  return { consumer, pid: Number(pid), startTicks };
}

function isAlive(holder: Holder): boolean {
  const { state, startTicks } = processOf(holder.pid);
  return startTicks === holder.startTicks && state !== 'Z' && state !== 'X';
}

/** Fields 3 and 22 of proc_pid_stat(5), counted behind the name, which may hold anything. */
function processOf(pid: number): { readonly state: string; readonly startTicks: string } {
  const stat = readText(`/proc/${pid}/stat`) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '0' };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ESRCH') return undefined;
    throw cause;
  }
}
