import { executionAsyncResource } from 'node:async_hooks';

export interface KeptTick extends Disposable {
  readonly tick: object | undefined;
}

/**
 * Node.js makes an object for each `process.nextTick`, alike all of them. Where V8 collects everything while none of them is
 * there, it forgets what they look like, and from then on takes a long way for each: 2 % of the processor time of a
 * command. So one of them is kept.
 */
export function keepTick(): KeptTick {
  let kept: object | undefined;
  process.nextTick(() => {
    kept = executionAsyncResource();
  });
  return {
    get tick() {
      return kept;
    },
    [Symbol.dispose]() {
      kept = undefined;
    },
  };
}
