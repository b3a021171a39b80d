import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Clock } from '../clock.ts';

/** As in sysexits.h; the systemd unit knows which of them a restart cannot mend. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  unavailable: 69,
  bug: 70,
  io: 74,
  permission: 77,
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

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
  /** `NODE DOCUMENT VALUE`. */
  readonly operands: string;
  readonly operandCountMin: number;
  readonly operandCountMax: number;
  readonly summary: string;
  readonly options: { readonly [name: string]: OptionHelp };
  readonly examples: readonly string[];
  run(context: CliContext, operands: readonly string[], options: OptionValues): Promise<ExitCode>;
}

export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function isSet(options: OptionValues, name: string): boolean {
  return options[name] === true;
}
