import { setTimeout as delay } from 'node:timers/promises';
import type { Hiccup, RunLoad } from './load.ts';
import { cpuMsOf, type Responder } from './responder.ts';
import { awakeMs, type Tap } from './tap.ts';
import { answersOf, pairsOf } from './wire-stamps.ts';

/** What one responder is given for a while. */
export interface TurnOptions {
  readonly forMs: number;
  readonly probesPerS: number;
  readonly bulkPerS: number;
  readonly bulkQos?: 0 | 1;
  readonly isBulkChanging?: boolean;
  /** Of the probed topic. */
  readonly tap?: Tap | undefined;
}

export interface Turn {
  /** From just before the probe was written to the socket until the line had changed. */
  readonly answersMs: readonly number[];
  /** From when the probe could be read by the responder, without stalls of the machine; none without a tap. */
  readonly insideMs: readonly number[];
  readonly lostCount: number;
  readonly sentCount: number;
  readonly handledCount: number;
  /** Of the responder, until a moment after the last message: to be asked what it has done costs one more than another. */
  readonly cpuMs: number;
  readonly hiccups: readonly Hiccup[];
  readonly forMs: number;
}

const settleEveryMs = 50;
/** Nothing was handled for so long: nothing more comes. */
const quietMs = 250;

/** Gives the load to one responder, and waits until it has done all it will do. */
export async function runTurn(runLoad: RunLoad, responder: Responder, options: TurnOptions): Promise<Turn> {
  const { forMs, probesPerS, bulkPerS, bulkQos = 0, isBulkChanging = false, tap } = options;
  const stampsBefore = responder.stamps().length;
  const readableBefore = tap?.readableNs().length ?? 0;
  const handledBefore = await responder.handledCount();
  const cpuBefore = cpuMsOf(responder.pid);
  const loaded = await runLoad({
    forMs,
    probe: { topic: responder.probeTopic, perS: probesPerS },
    bulk: { topic: responder.bulkTopic, perS: bulkPerS, qos: bulkQos, isChanging: isBulkChanging },
  });
  await delay(settleEveryMs);
  const cpuMs = cpuMsOf(responder.pid) - cpuBefore;
  const count = await untilQuiet(responder);
  const stamps = responder.stamps().slice(stampsBefore);
  const { ms, lostCount } = answersOf(loaded.probesNs, stamps);
  const inside = pairsOf(tap?.readableNs().slice(readableBefore) ?? [], stamps);
  return {
    answersMs: ms,
    insideMs: inside.map(({ sentNs, atNs }) => awakeMs(sentNs, atNs, loaded.hiccups)),
    lostCount,
    sentCount: loaded.bulkCount + loaded.probesNs.length,
    handledCount: count - handledBefore,
    cpuMs,
    hiccups: loaded.hiccups,
    forMs,
  };
}

async function untilQuiet(responder: Responder): Promise<number> {
  let [count, atMs] = [await responder.handledCount(), performance.now()];
  while (performance.now() - atMs < quietMs) {
    await delay(settleEveryMs);
    const now = await responder.handledCount();
    if (now !== count) [count, atMs] = [now, performance.now()];
  }
  return count;
}
