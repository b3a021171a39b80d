import { fail, ok, type Result } from './contract/result.ts';
import { closedError, systemError } from './system-error.ts';

/** Calls on a line or channel for as long as it is open. */
export interface Access {
  /** What `act` throws is the error; after the close it is not called, and the error is `closed`. */
  attempt<Value>(operation: string, act: () => Value): Result<Value>;
  readonly close: () => Promise<void>;
}

/** `release` is called once, by the first close. */
export function createAccess(resource: string, release: () => void): Access {
  let isOpen = true;
  return {
    attempt(operation, act) {
      if (!isOpen) return fail(closedError(operation, resource));
      try {
        return ok(act());
      } catch (cause) {
        return fail(systemError(cause, { operation, resource }));
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      release();
    },
  };
}
