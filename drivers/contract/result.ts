/** The outcome of anything that can fail in the field. Operating trouble is returned, never thrown. */
export type Result<Value, Failure = DriverError> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

/**
 * What code may branch on. People read the rest of the error.
 *
 * absent: no such chip, line, port or file · denied: the system refuses this user · busy: somebody else holds it ·
 * timeout: no answer in time · closed: it was open and is gone · out-of-range: the value cannot be expressed ·
 * unsupported: this implementation cannot do that · io: the system reported a fault with no better name.
 */
export type DriverErrorKind =
  | 'absent'
  | 'denied'
  | 'busy'
  | 'timeout'
  | 'closed'
  | 'out-of-range'
  | 'unsupported'
  | 'io';

export interface DriverError {
  readonly kind: DriverErrorKind;
  /** The verb that failed: `open`, `write`, `read`. */
  readonly operation: string;
  /** What it failed on, as the user wrote it in the config: `GPIO17`, `/dev/ttyUSB0`. */
  readonly resource: string;
  /** One sentence, lower case, no full stop, with the operand in it. */
  readonly detail: string;
  /** What to type or change, where we know it. */
  readonly fix?: string;
  /** The original beneath, for the log. */
  readonly cause?: unknown;
}

/** Most results say no more than this: one for all of them. */
const done = { ok: true, value: undefined } as const;

export function ok(): Result<void, never>;
export function ok<Value>(value: Value): Result<Value, never>;
export function ok(value?: unknown): Result<unknown, never> {
  return value === undefined ? done : { ok: true, value };
}

export function fail<Failure>(error: Failure): Result<never, Failure> {
  return { ok: false, error };
}

/** `open GPIO17: no line of this name`, with the fix behind it where there is one. */
export function describeError(error: DriverError): string {
  const text = `${error.operation} ${error.resource}: ${error.detail}`;
  return error.fix === undefined ? text : `${text} (${error.fix})`;
}
