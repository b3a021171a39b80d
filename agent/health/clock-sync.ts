import { existsSync } from 'node:fs';
import type { Result } from '../../drivers/contract/result.ts';
import { loadNativeGpio, type NativeGpio } from '../../drivers/native/addon.ts';
import type { Clock } from '../clock.ts';
import { childProcess } from '../late-modules.ts';
import { clockAnswerMsMax, clockAskEveryMs, clockAskFirstMs, clockAskSoonMs } from '../trust/limits.ts';

/** Written by systemd-timesyncd when it has set the clock from a server. */
export const synchronizedFile = '/run/systemd/timesync/synchronized';

/** The kernel lets the error of its clock grow by itself; below this somebody sets it. The bound of systemd-timedated. */
const syncedErrorUsMax = 16_000_000;

export interface ClockSyncPlaces {
  readonly file: string;
  /** At once, without any other process. Undefined: it may not be asked. */
  kernel(): boolean | undefined;
  /** Only where the kernel says nothing. Undefined: nobody can say. */
  ask(): Promise<boolean | undefined>;
}

/** Of this machine. */
export function clockSyncPlaces(): ClockSyncPlaces {
  let native: Result<NativeGpio> | undefined; // Not at once: the broker is more urgent.
  return {
    file: synchronizedFile,
    kernel() {
      native ??= loadNativeGpio();
      const error = native.ok ? native.value.clockErrorUs() : undefined;
      return error?.ok === true ? error.value < syncedErrorUsMax : undefined;
    },
    ask: askTimedated,
  };
}

/**
 * Whether somebody sets the clock of this machine. systemd-timesyncd says so in a file, and the kernel by itself what chrony,
 * ntpd, PTP or a GPS receiver has told it. Where it may not be asked (`ProtectClock=` of systemd closes adjtimex), systemd-timedated
 * is, in the background and seldom: to start a program, the kernel copies the tables of this process, and nothing moves for 10 ms
 * and more. Nobody is asked so in the first moment of the agent; until there is an answer it is no.
 */
export function createClockSync(clock: Clock, { file, kernel, ask }: ClockSyncPlaces): () => boolean {
  let answer: boolean | undefined = false;
  let isAsking = false;
  let askedMs = clock.monotonicMs() + clockAskFirstMs - clockAskSoonMs;
  return () => {
    if (existsSync(file)) return true;
    const known = kernel();
    if (known !== undefined) return known;
    const nowMs = clock.monotonicMs();
    if (!isAsking && nowMs - askedMs >= (answer === false ? clockAskSoonMs : clockAskEveryMs)) {
      isAsking = true;
      askedMs = nowMs;
      void ask().then((given) => {
        answer = given;
        isAsking = false;
      });
    }
    return answer === true;
  };
}

/** Of the kernel: yes while the estimated error of its clock is below 16 s, which only who sets it brings about. */
export function askTimedated(): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    childProcess().execFile('timedatectl', args, { timeout: clockAnswerMsMax }, (error, stdout) => {
      const text = stdout.trim();
      resolve(error === null && (text === 'yes' || text === 'no') ? text === 'yes' : undefined);
    });
  });
}
