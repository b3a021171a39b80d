import type { Clock } from '../clock.ts';
import { driverStuckMsMax } from '../limits.ts';

/** What shows that the agent works, and not only that its process is there. */
export interface Vitals {
  /** Messages that wait for the dispatch loop. */
  readonly queued: number;
  /** Messages that were dealt with so far. */
  readonly handled: number;
  /** Calls of drivers that are under way and must come back by themselves: an object for each, the same while it lasts. */
  readonly calls: readonly { readonly document: string; readonly call: object }[];
}

export interface WatchdogDependencies {
  readonly clock: Clock;
  readonly vitals: () => Vitals;
  /** Told to the service manager. */
  readonly notify: (text: string) => void;
  /** Not fed any more, and why; what follows is a restart. */
  readonly onStuck: (why: string) => void;
}

/**
 * Feeds the watchdog of the service manager three times in each of its periods, for as long as the event loop comes
 * round, the dispatch loop makes progress, and no driver hangs. The first sign of the contrary ends it: what restarts
 * the agent then is the service manager, and the guard has its outputs.
 */
export function openWatchdog(dependencies: WatchdogDependencies, periodMs: number): Disposable {
  const { clock, vitals, notify, onStuck } = dependencies;
  const judge = createJudge();
  let timer: Disposable | undefined;
  const turn = () => {
    const why = judge(vitals(), clock.monotonicMs());
    if (why !== undefined) return onStuck(why);
    notify('WATCHDOG=1');
    timer = clock.after(periodMs / 3, turn);
  };
  turn();
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

/** Why the agent does not work; undefined: it does. Remembers what it saw the last time. */
function createJudge(): (vitals: Vitals, nowMs: number) => string | undefined {
  const since = new Map<object, number>(); // Of the calls under way; the others are forgotten each time.
  let lastHandled = -1;
  return ({ queued, handled, calls }, nowMs) => {
    const isStill = queued > 0 && handled === lastHandled;
    lastHandled = handled;
    if (isStill) return `${queued} messages wait, and none was dealt with`;
    const current = new Set(calls.map(({ call }) => call));
    for (const call of since.keys()) if (!current.has(call)) since.delete(call);
    for (const { document, call } of calls) {
      const beganMs = since.get(call) ?? nowMs;
      since.set(call, beganMs);
      if (nowMs - beganMs > driverStuckMsMax)
        return `the driver of ${document} has not come back for ${nowMs - beganMs} ms`;
    }
    return undefined;
  };
}
