/** What an output is to do when nobody commands it; `hold`: whatever it does now. */
export type SafeLevel = boolean | 'hold';

/** The same where the agent ends: `release` lets go of the line, and chip and resistor decide. */
export type EndLevel = SafeLevel | 'release';

export interface SafeStates {
  readonly boot: SafeLevel;
  readonly configError: EndLevel;
  readonly exit: EndLevel;
  readonly crash: EndLevel;
  /** Absent: being offline changes nothing. */
  readonly offline?: OfflineState;
}

export interface OfflineState {
  readonly afterMs: number;
  readonly to: SafeLevel;
  /** Comes back by itself with the connection; else only by the next command. */
  readonly restore: boolean;
}

/** Part of the period, 0 to 1, in each situation. */
export interface PwmSafeStates {
  readonly boot: SafeDuty;
  readonly exit: SafeDuty;
  readonly crash: SafeDuty;
  readonly configError: SafeDuty;
  readonly offline?: { readonly afterMs: number; readonly to: SafeDuty; readonly restore: boolean };
}

export type SafeDuty = number | 'hold';

/**
 * boot: the agent opens the line · config-error: it cannot start · offline: no broker for so long · exit: it stops in
 * good order · crash: it died · watchdog: it hung and is killed · expired: a command came too late · driver-fault: a
 * write failed, the level is unknown.
 */
export const situations = [
  'boot',
  'config-error',
  'offline',
  'exit',
  'crash',
  'watchdog',
  'expired',
  'driver-fault',
] as const;

export type Situation = (typeof situations)[number];

/**
 * drive: this state · hold: keep the line, and the level on it · release: let go of the line, leave the level alone.
 *
 * Where the agent has ended it is the guard that keeps a line; without one (exit with a level to drive, and backends
 * whose lines no process holds) the level lasts as long as chip and kernel keep it.
 */
export type SafeAction = { readonly do: 'drive'; readonly on: boolean } | { readonly do: 'hold' | 'release' };

const hold: SafeAction = { do: 'hold' };

/** The one table that says what becomes of an output in which situation. */
const table: { readonly [Name in Situation]: (states: SafeStates) => SafeAction } = {
  boot: ({ boot }) => actionOf(boot),
  'config-error': ({ configError }) => actionOf(configError),
  offline: ({ offline }) => actionOf(offline?.to ?? 'hold'),
  exit: ({ exit }) => actionOf(exit),
  crash: ({ crash }) => actionOf(crash),
  watchdog: ({ crash }) => actionOf(crash),
  expired: () => hold, // A command that came too late must not move anything.
  'driver-fault': ({ crash }) => (crash === 'release' ? hold : actionOf(crash)), // Nobody knows the level; one more try.
};

export function safeAction(situation: Situation, states: SafeStates): SafeAction {
  return table[situation](states);
}

function actionOf(level: EndLevel): SafeAction {
  return typeof level === 'boolean' ? { do: 'drive', on: level } : { do: level };
}
