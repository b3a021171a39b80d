import type { Bias, Level } from '../contract/digital.ts';
import type { DriverErrorKind, Result } from '../contract/result.ts';

/** A set of wires that stand in for hardware: in memory for one process, or in a folder for everybody. */
export interface SimulatedBoard {
  /** Takes hold of a line, named as formatLine() writes it. Fails with `absent`, `busy` (naming the holder), `denied` or `io`. */
  claim(line: string, consumer: string): Result<SimulatedLine>;
}

/** A line somebody holds. Use it as an output or as an input, not as both. */
export interface SimulatedLine {
  /** Puts a level on the wire. The same level again changes nothing. */
  drive(level: Level): Result<void>;
  /** What stands on the wire. */
  level(): Result<Level>;
  /** From now on tells each change that somebody outside makes. `bias` counts while nobody pulls. */
  sense(bias: Bias, changed: (level: Level) => void): Result<void>;
  /** Idempotent. The level that was driven stays on the wire. */
  release(): void;
}

/** Bad weather, to see how the rest of the agent takes it. */
export interface SimulatedWeather {
  /** How long opening a line takes. */
  readonly openLatencyMs?: number;
  /** So many writes of a line succeed, the first level at opening not counted; all later ones fail. */
  readonly failWritesAfterCount?: number;
  /** How they fail; default `io`. */
  readonly writeErrorKind?: DriverErrorKind;
}

export function levelOfBias(bias: Bias): Level {
  return bias === 'pull-up' ? 1 : 0;
}
