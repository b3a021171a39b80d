import type { Clock } from '../clock.ts';
import { outputLossesMax, outputLossesPauseMs, outputLossesWindowMs, reopenEveryMs } from './limits.ts';

/** Looks for what is missing on a board; not while it is paused, as it is at first. */
export interface Reopening {
  resume(): void;
  /** Resolves when nothing is under way; undefined: nothing is. */
  pause(): Promise<void> | undefined;
  /** It is closed in a moment, and not in this turn: it may be in the middle of a call. */
  lost(resource: AsyncDisposable): void;
}

/** One after the other, every reopenEveryMs for as long as anything is missing. */
export function createReopening<Missing>(
  clock: Clock,
  missing: () => readonly Missing[],
  reopen: (one: Missing) => Promise<void>,
): Reopening {
  let timer: Disposable | undefined;
  let isPaused = true;
  let work: Promise<void> | undefined;
  const begin = (act: () => Promise<void>) => {
    const mine = (work ?? Promise.resolve()).then(act).then(() => {
      if (work === mine) work = undefined;
      look();
    });
    work = mine;
  };
  const look = () => {
    if (isPaused || timer !== undefined || missing().length === 0) return;
    timer = clock.after(reopenEveryMs, () =>
      begin(async () => {
        for (const one of missing()) if (!isPaused) await reopen(one);
        timer = undefined;
      }),
    );
  };
  return {
    resume() {
      isPaused = false;
      look();
    },
    pause() {
      isPaused = true;
      timer?.[Symbol.dispose]();
      timer = undefined;
      return work;
    },
    lost: (resource) => begin(async () => await resource[Symbol.asyncDispose]()),
  };
}

/** When an output was lost lately; one that flaps is left alone, for each return may be a click of its relay. */
export interface Losses {
  readonly atMs: readonly number[];
  /** Not opened before. */
  readonly untilMs?: number;
}

export function lostAgain({ atMs }: Losses, nowMs: number): Losses {
  const recentMs = [...atMs.filter((ms) => nowMs - ms < outputLossesWindowMs), nowMs];
  return recentMs.length > outputLossesMax ? { atMs: [], untilMs: nowMs + outputLossesPauseMs } : { atMs: recentMs };
}
