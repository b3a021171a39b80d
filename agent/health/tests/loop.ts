import { type Clock, sleep } from '../../clock.ts';
import type { AtomicTest } from '../self-test.ts';
import { failed, pass, spread, verdict } from './outcome.ts';

const sampleMs = 5;
/** Above these the board is too busy for its relays. */
const lateMsP50Max = 50;
const lateMsMax = 500;

/** How late the event loop comes back to a timer. */
export function loopTest(clock: Clock, samplesCount: number): AtomicTest {
  return {
    id: 'loop.latency',
    title: 'event loop is not held up',
    async run(signal) {
      const late: number[] = [];
      for (let count = 0; count < samplesCount && !signal.aborted; count += 1) {
        const startMs = clock.monotonicMs();
        await sleep(clock, sampleMs, signal);
        late.push(Math.max(0, clock.monotonicMs() - startMs - sampleMs));
      }
      const { p50, max } = spread(late);
      const detail = `late by ${p50.toFixed(1)} ms in the middle, ${max.toFixed(1)} ms at worst`;
      if (p50 <= lateMsP50Max && max <= lateMsMax) return pass(detail);
      return failed(detail, 'look for what keeps this board busy: top');
    },
  };
}

/** In the order they are set, which is not the one they are due in. */
const delaysMs = [40, 5, 20, 10, 30];
/** Node rounds to whole milliseconds. */
const earlyMsMax = 1;

/** Timers come in the order they are due, none early, and none that was taken back. */
export function timersTest(clock: Clock): AtomicTest {
  return {
    id: 'loop.timers',
    title: 'timers fire in order, and not early',
    deadlineMs: 500,
    async run() {
      const startMs = clock.monotonicMs();
      const fired: { readonly delayMs: number; readonly afterMs: number }[] = [];
      let isRevivedFired = false;
      const takenBack = clock.after(15, () => {
        isRevivedFired = true;
      });
      takenBack[Symbol.dispose]();
      const all = delaysMs.map(
        (delayMs) =>
          new Promise<void>((resolve) => {
            clock.after(delayMs, () => {
              fired.push({ delayMs, afterMs: clock.monotonicMs() - startMs });
              resolve();
            });
          }),
      );
      await Promise.all(all);
      const order = fired.map(({ delayMs }) => delayMs);
      const isOrdered = order.every((delayMs, index) => index === 0 || delayMs >= (order[index - 1] ?? 0));
      const early = fired.filter(({ delayMs, afterMs }) => afterMs < delayMs - earlyMsMax);
      const faults = [
        ...early.map(({ delayMs, afterMs }) => `a timer of ${delayMs} ms fired after ${afterMs.toFixed(1)} ms`),
        ...(isOrdered ? [] : [`fired in the order ${order.join(', ')} ms`]),
        ...(isRevivedFired ? ['a timer fired that was taken back'] : []),
      ];
      return verdict(faults, `${fired.length} timers, none early`, 'install Node.js again');
    },
  };
}
