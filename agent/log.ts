import pino from 'pino';
import type { Clock } from './clock.ts';
import { logBacklogBytesMax } from './limits.ts';
import { LogSampling } from './observe/log-sampling.ts';
import { LogTail } from './observe/log-tail.ts';
import { redact } from './observe/redact.ts';
import { traceFields } from './observe/trace.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Of one line. These names are of every line, and a second one of a name would hide it. */
type LogFields = { readonly [name: string]: unknown } & {
  readonly [name in 'level' | 'time' | 'message' | 'event' | keyof LogIdentity]?: never;
};

/** Structured log, injected everywhere. `fields` first, then a lower-case sentence without operands. */
export interface Log {
  /** False: what is said with `debug` goes nowhere. */
  readonly isVerbose?: boolean;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** The log of a process: what is written can be looked at again, and how much is written can be changed. */
export interface LogBook extends Log {
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
  readonly tail: LogTail;
  /** From now on each line carries the number of the latest change of state (QN-3.6). */
  follow(lsn: () => number): void;
}

/** In every line. */
export interface LogIdentity {
  readonly service: string;
  /** `production`, `test-bench`: of whoever collects the logs of many boards. */
  readonly env: string;
  readonly node: string;
}

/**
 * JSON lines on standard output; rotation is journald's job. Synchronous, so that the last line before a crash is there.
 * A line that comes again and again is written ever more rarely, with how many were left out; errors always are. Secrets
 * are taken out. The field `tr` (a W3C traceparent) becomes `trace_id` and `span_id`.
 */
export function openLog(
  level: LogLevel,
  identity: LogIdentity,
  clock: Clock,
  out: { write(line: string): void } = standardOutput(),
): LogBook {
  const tail = new LogTail();
  const sampling = new LogSampling(clock);
  let lsn: (() => number) | undefined;
  const sink = {
    write(line: string) {
      out.write(line);
      tail.add(line.trimEnd());
    },
  };
  const logger = pino(
    { level, base: { ...identity }, messageKey: 'message', formatters: { level: (label) => ({ level: label }) } },
    sink,
  );

  function write(name: LogLevel, fields: object, message: string): void {
    if (!logger.isLevelEnabled(name)) return;
    const leftOut = sampling.take(name, message);
    if (leftOut === undefined) return;
    const { tr, ...rest } = Object.fromEntries(Object.entries(fields));
    logger[name](
      {
        event: message.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase(),
        ...(lsn === undefined ? {} : { lsn: lsn() }),
        ...(typeof tr === 'string' ? traceFields(tr) : {}),
        ...(leftOut === 0 ? {} : { left_out: leftOut }),
        ...redact(rest),
      },
      message,
    );
  }

  return {
    get level() {
      return levels.find((name) => name === logger.level) ?? level;
    },
    get isVerbose() {
      return logger.isLevelEnabled('debug');
    },
    setLevel(name) {
      logger.level = name;
    },
    tail,
    follow(source) {
      lsn = source;
    },
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

/**
 * No log is worth the board: what cannot be written (a full disk, a terminal that is gone) waits for room. When that is too
 * much: drop-newest.
 */
function standardOutput() {
  const out = pino.destination({ sync: true, maxLength: logBacklogBytesMax });
  out.on('error', () => {});
  out.on('drop', () => void out.write('')); // Only what is taken tries again what waits.
  return out;
}

export const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export const silentLog: Log = { isVerbose: false, debug() {}, info() {}, warn() {}, error() {} };
