import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { AtomicTest } from '../self-test.ts';
import { failed, pass, skip } from './outcome.ts';

export interface WatchdogSubjects {
  readonly env: { readonly [name: string]: string | undefined };
  /** Says so to the service manager; undefined: it was heard. Absent: nobody listens. */
  notify?(text: string): string | undefined;
  /** /sys, elsewhere in tests. */
  readonly sys: string;
}

/** Somebody restarts this agent when it hangs, and the board when its kernel does. */
export function watchdogTest({ env, notify, sys }: WatchdogSubjects): AtomicTest {
  return {
    id: 'watchdog.present',
    title: 'a watchdog looks after the agent',
    async run() {
      const hardware = await readdir(path.join(sys, 'class', 'watchdog')).catch(() => []); // Then there is none.
      const below = hardware.length === 0 ? 'no hardware watchdog' : `hardware: ${hardware.join(', ')}`;
      const periodUs = Number(env['WATCHDOG_USEC']);
      if (env['NOTIFY_SOCKET'] === undefined && env['WATCHDOG_USEC'] === undefined) {
        return skip(`not started by a service manager; ${below}`, 'run it as a service of systemd with WatchdogSec=30');
      }
      if (!(periodUs > 0)) return failed('the service has no watchdog', 'write WatchdogSec=30 into its unit');
      const fault = notify?.('WATCHDOG=1') ?? (notify === undefined ? 'NOTIFY_SOCKET is missing' : undefined);
      if (fault !== undefined)
        return failed(`the service manager does not hear: ${fault}`, 'write NotifyAccess=main into its unit');
      return pass(`every ${periodUs / 1_000_000} s; ${below}`);
    },
  };
}
