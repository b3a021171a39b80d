import { existsSync } from 'node:fs';
import { fail, ok, type Result } from '../contract/result.ts';
import { driverError } from '../system-error.ts';
import { addonFile } from './addon-file.ts';

/** What the system answered; wrong arguments are our own mistake and throw a TypeError. */
export type NativeResult<Value> = { readonly ok: true; readonly value: Value } | NativeFailure;

export interface NativeFailure {
  readonly ok: false;
  /** `EBUSY`. */
  readonly code: string;
  /** The system's words for it. */
  readonly text: string;
  /** The system call or ioctl that failed. */
  readonly call: string;
}

/** An open chip. Closed by `close`; by the garbage collector only as a safety net, and counted. */
export interface NativeChip {
  readonly kind?: 'chip'; // Never there: it keeps the two kinds of handles apart for the compiler.
}

/** Requested lines, held until `close`. A watched request is never collected. */
export interface NativeLines {
  readonly kind?: 'lines';
}

export interface NativeRequest {
  /** 1 to 64; bit n of values and masks is the nth of them. */
  readonly offsets: readonly number[];
  /** GPIO_V2_LINE_FLAG_*; see gpiochip/flags.ts. */
  readonly flags: number;
  /** Driven from the first moment, if the flags say output. */
  readonly values: bigint;
  /** 0: none. */
  readonly debounceUs: number;
  /** Edges the kernel keeps until they are read; 0: its default. When full it drops the oldest. */
  readonly eventsCountMax: number;
  /** At most 31 bytes. */
  readonly consumer: string;
}

export interface NativeEdge {
  readonly level: 0 | 1;
  readonly atNs: bigint;
  readonly offset: number;
  /** Counts the edges of the request, and of the line; a gap is what the kernel dropped. */
  readonly sequence: number;
  readonly lineSequence: number;
}

/** drivers/native/gpiochip.c. Everything returns at once. */
export interface NativeGpio {
  open(path: string): NativeResult<NativeChip>;
  info(chip: NativeChip): NativeResult<{ readonly name: string; readonly label: string; readonly linesCount: number }>;
  line(
    chip: NativeChip,
    offset: number,
  ): NativeResult<{ readonly name: string; readonly consumer: string; readonly flags: number }>;
  request(chip: NativeChip, request: NativeRequest): NativeResult<NativeLines>;
  set(lines: NativeLines, values: bigint, mask: bigint): NativeResult<void>;
  get(lines: NativeLines, mask: bigint): NativeResult<bigint>;
  /** Other flags for lines that stay held, and the levels to drive if the flags say output. Without a direction: as it is. */
  configure(lines: NativeLines, flags: number, values: bigint): NativeResult<void>;
  /** Once per request. After a failure nothing more is told. A watch alone does not keep the process alive. */
  watch(lines: NativeLines, listener: (edges: NativeResult<readonly NativeEdge[]>) => void): NativeResult<void>;
  /** Idempotent. Every later call with this handle fails with EBADF. */
  close(handle: NativeChip | NativeLines): NativeResult<void>;
  counts(): { readonly open: number; readonly finalized: number };
  /**
   * Gives lines to the process at the other end of a Unix socket, with a text that is not empty; this one holds them as
   * well until it closes them. At most 64 lines and 8 191 bytes at a time; what does not fit into the socket now fails.
   */
  sendLines(socket: number, text: string, lines: readonly NativeLines[]): NativeResult<void>;
  /** One message of the other end; EAGAIN: there is none yet; EPIPE: there will be none. What is no line is closed, and its place empty. */
  receiveLines(
    socket: number,
  ): NativeResult<{ readonly text: string; readonly lines: readonly (NativeLines | undefined)[] }>;
  /** The RS-485 mode of an open serial port: flags of linux/serial.h. Tells what its driver has made of them. */
  setRs485(
    fd: number,
    flags: number,
    beforeMs: number,
    afterMs: number,
  ): NativeResult<{ readonly flags: number; readonly beforeMs: number; readonly afterMs: number }>;
  /** One datagram to NOTIFY_SOCKET: a path, or an abstract name behind `@`. */
  sdNotify(address: string, text: string): NativeResult<void>;
  /** How far off the kernel thinks its clock is, at most; see adjtimex(2). EPERM: a sandbox has closed the question. */
  clockErrorUs(): NativeResult<number>;
  /** From now on SIGUSR2 comes when the main thread of the process ends that started this one; see parent-end.h. */
  tellParentEnd(): NativeResult<void>;
}

/** Where one is missing, or is for another CPU. */
export const nativeFileFix = 'npm run build:native, or install the agent for this CPU';

/** Loads the native file of this CPU; without it everything else works, and this is `unsupported`. */
export function loadNativeGpio(path: string = addonFile('gpiochip.node')): Result<NativeGpio> {
  const failed = { operation: 'open', resource: 'gpio', fixes: { unsupported: nativeFileFix } };
  if (!existsSync(path)) return fail(driverError('unsupported', failed, `the native file is missing: ${path}`));
  const addon: { readonly exports: object } = { exports: {} };
  try {
    process.dlopen(addon, path);
  } catch (cause) {
    return fail(driverError('unsupported', failed, `the native file does not load: ${path}`, cause));
  }
  if (isNativeGpio(addon.exports)) return ok(addon.exports);
  return fail(driverError('unsupported', failed, `the native file is of another version: ${path}`));
}

const functionNames = [
  'open',
  'info',
  'line',
  'request',
  'set',
  'get',
  'configure',
  'watch',
  'close',
  'counts',
  'sendLines',
  'receiveLines',
  'setRs485',
  'sdNotify',
  'clockErrorUs',
  'tellParentEnd',
];

function isNativeGpio(exported: object): exported is NativeGpio {
  const members = new Map<string, unknown>(Object.entries(exported));
  return functionNames.every((name) => typeof members.get(name) === 'function');
}
