import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';

/** As in sysexits.h; the systemd unit knows which of them a restart cannot mend. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Of the doctor only. */
  ill: 2,
  usage: 64,
  data: 65,
  unavailable: 69,
  bug: 70,
  io: 74,
  permission: 77,
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code means for every verb; a verb says in its own words what it means there. */
export const exitMeanings: { readonly [code in ExitCode]: string } = {
  0: 'done, and all is well',
  1: 'done, and the answer is no: a test failed, a command was refused, a node is not well',
  2: 'something does not work',
  64: 'typed wrongly; --help says how',
  65: 'data that cannot be used',
  69: 'no broker, no node, no answer in time, or a part of the program is not there',
  70: 'a bug of this program; please report it',
  74: 'reading or writing failed',
  77: 'not allowed to',
  78: 'a fault in the configuration',
};

/** The world of a command; injected, so that tests run verbs without a process. */
export interface CliContext {
  readonly env: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** One line each. */
  out(line: string): void;
  err(line: string): void;
  /** Bytes as they are, for pipes. */
  outBytes(bytes: Uint8Array): void;
  /** SIGHUP, for as long as the verb runs. Absent: it ends the process. */
  onHangup?(action: () => void): Disposable;
  /** A person looks at the output and did not say NO_COLOR. Absent: no. */
  readonly isColourful?: boolean;
  /** Of the store, and waiting already. Absent: whoever needs one starts it. */
  readonly storeThread?: Worker;
  /** Has what V8 compiled by now kept for the next start. Absent: it is not kept. */
  keepCode?(): Promise<void>;
  /** What is being done, for a person who waits. It is shown after a second, on a terminal only. */
  progress?(doing: string): void;
}

export type OptionValues = { readonly [name: string]: string | boolean | readonly (string | boolean)[] | undefined };

export interface OptionHelp extends ParseArgsOptionDescriptor {
  /** `SECONDS`, for the help text; absent for switches. */
  readonly placeholder?: string;
  readonly help: string;
}

/** One row of the table that help comes from. */
export interface Verb {
  readonly name: string;
  /** `NODE DOCUMENT VALUE`; in brackets what may be left out. */
  readonly operands: string;
  /** Of a verb with several actions; else `operands` says how many there may be. */
  readonly operandCounts?: OperandCounts;
  readonly summary: string;
  readonly options: { readonly [name: string]: OptionHelp };
  readonly examples: readonly string[];
  /** What its exit codes mean. 64 is told of every verb. */
  readonly exits: { readonly [code in ExitCode]?: string };
  /** What it does when it takes longer than a second. Absent: it is meant to go on until somebody ends it. */
  readonly busy?: string;
  run(context: CliContext, operands: readonly string[], options: OptionValues): Promise<ExitCode>;
}

interface OperandCounts {
  readonly min: number;
  readonly max: number;
}

/** `NODE [FILE]` is one operand, or two. */
export function fits(count: number, operands: string, { min, max } = countsOf(operands)): boolean {
  return count >= min && count <= max;
}

function countsOf(operands: string): OperandCounts {
  const words = operands.split(' ').filter((word) => word !== '');
  return { min: words.filter((word) => !word.startsWith('[')).length, max: words.length };
}

export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function isSet(options: OptionValues, name: string): boolean {
  return options[name] === true;
}
