import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { clockAnswerMsMax, clockAskEveryMs, clockAskFirstMs, clockAskSoonMs } from '../trust/limits.ts';

/** Written by systemd-timesyncd when it has set the clock from a server. */
export const synchronizedFile = '/run/systemd/timesync/synchronized';

export interface ClockSyncPlaces {
  readonly file: string;
  /** Undefined: nobody can say. */
  ask(): Promise<boolean | undefined>;
}

/**
 * Whether somebody sets the clock of this machine. systemd-timesyncd says so in a file. What the kernel was told by chrony,
 * ntpd, PTP or a GPS receiver is asked of systemd-timedated, in the background: the system call for it (adjtimex) is closed to a
 * service that may not set the clock. Nobody is asked in the first moment of the agent; until there is an answer it is no.
 */
export function createClockSync(
  clock: Clock,
  { file, ask }: ClockSyncPlaces = { file: synchronizedFile, ask: askTimedated },
): () => boolean {
  let answer: boolean | undefined = false;
  let isAsking = false;
  let askedMs = clock.monotonicMs() + clockAskFirstMs - clockAskSoonMs;
  return () => {
    if (existsSync(file)) return true;
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
    execFile('timedatectl', args, { timeout: clockAnswerMsMax }, (error, stdout) => {
      const text = stdout.trim();
      resolve(error === null && (text === 'yes' || text === 'no') ? text === 'yes' : undefined);
    });
  });
}
