/*
 * The agent may be one file alone, so the store thread can run the same program. It asks for its role before anything else:
 *
 *   if (isStoreThread()) void import('./store/thread.ts').then(({ runStoreThread }) => runStoreThread());
 *   else …
 *
 * With `import()` in both branches neither thread evaluates what only the other needs, in the bundle and from source.
 */

/** First operand of the thread: so that the agent itself need not load worker_threads, 1.5 ms, to know that it is none. */
export const storeThreadOperand = 'store-thread';

/** Whether this is the store thread, and not somebody who typed its operand. */
export function isStoreThread(): boolean {
  if (process.argv[2] !== storeThreadOperand) return false;
  const { isMainThread, workerData } = process.getBuiltinModule('node:worker_threads');
  const data: unknown = workerData;
  return !isMainThread && typeof data === 'object' && data !== null && 'role' in data && data.role === 'store';
}
