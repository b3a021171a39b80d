import type { DriverError, DriverErrorKind } from './contract/result.ts';

export interface FailedOperation {
  readonly operation: string;
  readonly resource: string;
  /** The way out, by the kind the system's answer turns out to be. */
  readonly fixes?: { readonly [Kind in DriverErrorKind]?: string };
}

const kindOfCode: ReadonlyMap<string, DriverErrorKind> = new Map([
  ['ENOENT', 'absent'],
  ['ENODEV', 'absent'],
  ['ENXIO', 'absent'],
  ['ENOTDIR', 'absent'],
  ['ECONNREFUSED', 'absent'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EROFS', 'denied'],
  ['EBUSY', 'busy'],
  ['ETIMEDOUT', 'timeout'],
  ['ERR_DLOPEN_FAILED', 'unsupported'],
]);

/** What the system said, as a DriverError: the code decides the kind, its text is the detail. */
export function systemError(cause: unknown, failed: FailedOperation): DriverError {
  const kind = kindOfCode.get(codeOf(cause) ?? '') ?? 'io';
  const detail = messageOf(cause);
  return driverError(kind, failed, detail, cause);
}

export function driverError(
  kind: DriverErrorKind,
  { operation, resource, fixes }: FailedOperation,
  detail: string,
  cause?: unknown,
): DriverError {
  const fix = fixes?.[kind];
  return {
    kind,
    operation,
    resource,
    detail,
    ...(fix === undefined ? {} : { fix }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Of a call on what was open: its device is not there any more. A NAK on a bus (ENXIO) is not that. */
export function isGone({ cause }: DriverError): boolean {
  const code = codeOf(cause);
  return code === 'ENODEV' || code === 'ENOENT';
}

/** What every call on a closed line or port ends with. */
export function closedError(operation: string, resource: string): DriverError {
  return driverError('closed', { operation, resource }, 'it was closed before');
}

/** What an error says, or what was thrown that is none. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** `ENOENT` … of a system error; undefined for anything else. */
export function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
