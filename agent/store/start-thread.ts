import type { Worker } from 'node:worker_threads';
import { storeThreadOperand } from './role.ts';
import type { ThreadProgram } from './store-program.ts';

/**
 * Starts the store thread, which takes some time and waits then for its first request. It keeps no process alive. Whoever
 * takes it listens to its end; nobody has to take it.
 */
export function startStoreThread(program: ThreadProgram): Worker {
  const { Worker: Thread } = process.getBuiltinModule('node:worker_threads');
  // The role tells it from other threads of the same program.
  const options = { workerData: { role: 'store' }, argv: [storeThreadOperand], name: 'store' };
  const worker =
    typeof program === 'string' ? new Thread(program, options) : new Thread(program.code, { ...options, eval: true });
  worker.on('error', () => {}); // Told by whoever has taken it; else nobody needs it.
  worker.unref();
  return worker;
}

/** Its id is gone with it. */
export function isAlive({ threadId }: Worker): boolean {
  return threadId > 0;
}
