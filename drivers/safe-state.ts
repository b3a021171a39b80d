/** What an output is to do when nobody commands it; `hold`: whatever it does now. */
export type SafeLevel = boolean | 'hold';

export interface SafeStates {
  readonly boot: SafeLevel;
  readonly configError: SafeLevel;
  readonly exit: SafeLevel;
  readonly crash: SafeLevel;
  /** Absent: being offline changes nothing. */
  readonly offline?: OfflineState;
}

export interface OfflineState {
  readonly afterMs: number;
  readonly to: SafeLevel;
  /** Comes back by itself with the connection; else only by the next command. */
  readonly restore: boolean;
}

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

/** drive: this state · hold: keep the line, and the level on it · release: let go of the line, leave the level alone. */
export type SafeAction = { readonly do: 'drive'; readonly on: boolean } | { readonly do: 'hold' | 'release' };

const hold: SafeAction = { do: 'hold' };
const release: SafeAction = { do: 'release' };

/** The one table that says what becomes of an output in which situation. */
const table: { readonly [Name in Situation]: (states: SafeStates) => SafeAction } = {
  boot: ({ boot }) => driveOr(boot, hold),
  'config-error': ({ configError }) => driveOr(configError, release),
  offline: ({ offline }) => driveOr(offline?.to ?? 'hold', hold),
  exit: ({ exit }) => driveOr(exit, release),
  crash: ({ crash }) => driveOr(crash, release),
  watchdog: ({ crash }) => driveOr(crash, release),
  expired: () => hold, // A command that came too late must not move anything.
  'driver-fault': ({ crash }) => driveOr(crash, hold), // As after a crash nobody knows the level; one more try.
};

export function safeAction(situation: Situation, states: SafeStates): SafeAction {
  return table[situation](states);
}

function driveOr(level: SafeLevel, otherwise: SafeAction): SafeAction {
  return level === 'hold' ? otherwise : { do: 'drive', on: level };
}
