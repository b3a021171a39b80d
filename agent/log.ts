import pino from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log, injected everywhere. `fields` first, then a lower-case sentence without operands. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The level may change while it is written to. */
export interface LevelledLog extends Log {
  level: string;
}

/** JSON lines on standard output; rotation is journald's job. Synchronous, so that the last line before a crash is there. */
export function openLog(level: LogLevel, fields: Record<string, string>): LevelledLog {
  return pino({ level, base: fields, messageKey: 'message' }, pino.destination({ sync: true }));
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
