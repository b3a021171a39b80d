import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Clock, sleep } from '../../clock.ts';
import { plausibleWallMsMin } from '../clock-quality.ts';
import type { AtomicTest } from '../self-test.ts';
import { failed, pass, skip } from './outcome.ts';

export function monotonicTest(clock: Clock): AtomicTest {
  return {
    id: 'clock.monotonic',
    title: 'monotonic clock never steps back',
    run() {
      let lastMs = clock.monotonicMs();
      for (let count = 0; count < 1_000; count += 1) {
        const nowMs = clock.monotonicMs();
        if (nowMs < lastMs) return failed(`${lastMs - nowMs} ms back`, 'reboot the board');
        lastMs = nowMs;
      }
      return pass('1000 readings');
    },
  };
}

/** `isBoot`: a board without a real-time clock starts in the past; that is no fault then, and each stamp says `clk: boot`. */
export function wallTest(clock: Clock, isBoot: boolean): AtomicTest {
  return {
    id: 'clock.wall',
    title: 'wall clock shows a plausible date',
    run() {
      const wallMs = clock.wallMs();
      const detail = new Date(wallMs).toISOString();
      if (wallMs >= plausibleWallMsMin) return pass(detail);
      const text = `${detail}: no time yet`;
      return isBoot
        ? skip(text, 'let the board reach a time server')
        : failed(text, 'let the board reach a time server: timedatectl set-ntp true');
    },
  };
}

const sampleEveryMs = 20;
/** Between two samples; a service that steers the clock is slower by far. */
const stepMsMax = 50;
/** Two readings with a pause of the process between them say nothing. */
const readingMsMax = 4;

/** The two clocks go at the same pace, and nobody sets the one that shows the time. */
export function stepTest(clock: Clock, windowMs: number): AtomicTest {
  return {
    id: 'clock.step',
    title: 'wall clock goes with the monotonic clock, without a step',
    async run(signal) {
      const first = offsetMs(clock);
      let last = first;
      for (let passedMs = 0; passedMs < windowMs && !signal.aborted; passedMs += sampleEveryMs) {
        await sleep(clock, sampleEveryMs, signal);
        const now = offsetMs(clock);
        const stepMs = Math.round(now - last);
        if (Math.abs(stepMs) > stepMsMax) {
          return failed(
            `the clock was set by ${stepMs} ms meanwhile`,
            'look which services set the clock: timedatectl status',
          );
        }
        last = now;
      }
      return pass(`drift ${(last - first).toFixed(1)} ms in ${windowMs} ms`);
    },
  };
}

/** Wall minus monotonic, of two readings taken in the same moment. */
function offsetMs(clock: Clock): number {
  for (let tries = 0; ; tries += 1) {
    const beforeMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    const afterMs = clock.monotonicMs();
    if (afterMs - beforeMs <= readingMsMax || tries === 10) return wallMs - (beforeMs + afterMs) / 2;
  }
}

/** Whether the service that sets the clock did so. `runFolder` is /run, elsewhere in tests. */
export function syncTest(isBoot: boolean, runFolder = '/run'): AtomicTest {
  return {
    id: 'clock.sync',
    title: 'wall clock was set from a time server',
    run() {
      const folder = path.join(runFolder, 'systemd', 'timesync');
      if (existsSync(path.join(folder, 'synchronized'))) return pass('systemd-timesyncd says so');
      if (!existsSync(folder)) return skip('no systemd-timesyncd on this machine: not known');
      const advice = 'let the board reach a time server: timedatectl timesync-status';
      return isBoot ? skip('not set yet', advice) : failed('systemd-timesyncd runs, but has not set the clock', advice);
    },
  };
}
