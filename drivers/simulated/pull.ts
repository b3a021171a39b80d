import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Bias, Level } from '../contract/digital.ts';
import { codeOf } from '../system-error.ts';
import { levelOfBias } from './board.ts';

export interface PullWatch extends Disposable {
  /** What the line is pulled to now; throws what the watch died of. */
  read(): Level;
}

/**
 * Tells each change of a line's `pull` file, never the same level twice. Pulses that come and go faster than the watch
 * looks are not seen. Throws when the system cannot watch.
 */
export function watchPull(lineFolder: string, bias: Bias, changed: (level: Level) => void): PullWatch {
  let fault: Error | undefined;
  let told = levelOfBias(bias);
  const look = () => {
    const level = readPull(lineFolder, bias) ?? told;
    if (level === told) return;
    told = level;
    changed(level);
  };
  // The folder and not the file, because an editor replaces the file.
  const watcher = watch(lineFolder, { persistent: false }, (_event, name) => {
    if (name === null || name === 'pull') look();
  });
  watcher.on('error', (error) => {
    fault = error;
  });
  told = readPull(lineFolder, bias) ?? told; // After the watch began: what is written from now on wakes it.
  return {
    read() {
      if (fault !== undefined) throw fault;
      return readPull(lineFolder, bias) ?? told;
    },
    [Symbol.dispose]() {
      watcher.close();
    },
  };
}

/** Undefined in the middle of a write (the file is empty or away for a moment) and for text that means nothing. */
function readPull(lineFolder: string, bias: Bias): Level | undefined {
  const text = readText(join(lineFolder, 'pull'));
  if (text === 'pull-up\n' || text === 'pull-up') return 1;
  if (text === 'pull-down\n' || text === 'pull-down') return 0;
  return text === '\n' ? levelOfBias(bias) : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return '';
    throw cause;
  }
}
