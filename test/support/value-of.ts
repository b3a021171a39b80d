import { describeError, type Result } from '../../drivers/contract/result.ts';

/** The value of a result that a test takes for granted; the error in full where it is not there. */
export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(describeError(result.error));
  return result.value;
}
