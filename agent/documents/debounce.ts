import type { Edge, Level } from '../../drivers/contract/digital.ts';
import { afterReading, type Clock } from '../clock.ts';

/** Of one line, while it is observed. */
export interface Debounce {
  /** The line was opened, and this is the level on it. */
  begin(level: Level): void;
  readonly edge: (edge: Edge) => void;
  /** Forgets what is not stable yet. */
  end(): void;
}

/**
 * Tells an edge once its level was stable for `stableMs`; a bounce back to the told level tells nothing. Where edges are read late
 * and many at once, exact stamps say which of them were.
 */
export function createDebounce(stableMs: number, clock: Clock, tell: (edge: Edge) => void): Debounce {
  const stableNs = BigInt(Math.round(stableMs * 1e6));
  let told: Level | undefined;
  let last: Edge | undefined; // Not known to be stable yet.
  let waiting: Disposable | undefined;

  function settle(): void {
    const edge = last;
    end();
    if (edge === undefined || edge.level === told) return;
    told = edge.level;
    tell(edge);
  }

  function end(): void {
    waiting?.[Symbol.dispose]();
    waiting = undefined;
    last = undefined;
  }

  return {
    begin(level) {
      told = level;
    },
    edge(edge) {
      const isExact = last?.isExact === true && edge.isExact === true;
      if (last !== undefined && isExact && edge.atNs - last.atNs >= stableNs) settle();
      end();
      last = edge;
      if (stableMs === 0) settle();
      else waiting = afterReading(clock, stableMs, settle);
    },
    end,
  };
}
