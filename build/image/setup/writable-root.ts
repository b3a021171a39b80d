import { execFileSync } from 'node:child_process';

/** A root that is read-only is so again afterwards, whatever became of the action: a power cut finds nothing half written. */
export function withWritableRoot<Value>(isReadOnly: boolean, action: () => Value, root = '/'): Value {
  if (!isReadOnly) return action();
  remount(root, 'rw');
  try {
    return action();
  } finally {
    close(root);
  }
}

/** All has been done by then, or it was told why not. */
function close(root: string): void {
  try {
    remount(root, 'ro');
  } catch (error) {
    process.stderr.write(`qn-setup: ${root} stays writable until the next start: ${String(error)}\n`);
  }
}

function remount(root: string, how: 'rw' | 'ro'): void {
  execFileSync('mount', ['-o', `remount,${how}`, root]);
}
