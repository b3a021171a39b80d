import path from 'node:path';

/** Where the agent of this board listens for `qnctl reload` and its like. */
export function controlSocketOf(stateFolder: string): string {
  return path.join(stateFolder, 'control.sock');
}
