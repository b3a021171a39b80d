import { accountFix, keepFix, keptMemoryOf } from '../kept-memory.ts';
import type { AtomicTest } from '../self-test.ts';
import { failed, pass, skip } from './outcome.ts';
import type { WatchdogSubjects } from './watchdog.ts';

const mib = 1_048_576;

/**
 * What the agent has in memory stays there when other programs take all of it: else an emergency stop waits until the card has
 * brought back what is needed for it. `proc` is /proc, elsewhere in tests.
 */
export function keptMemoryTest({ env, sys }: Pick<WatchdogSubjects, 'env' | 'sys'>, proc = '/proc'): AtomicTest {
  return {
    id: 'memory.kept',
    title: 'the kernel keeps memory for the agent',
    async run() {
      if (env['NOTIFY_SOCKET'] === undefined) return skip('not started by a service manager');
      const { least } = (await keptMemoryOf('self', { proc, sys })) ?? {};
      if (least === undefined)
        return skip('the kernel keeps no memory for anybody, and holds nobody to limits', accountFix);
      const { group, bytes } = least;
      if (bytes > 0) return pass(bytes === Infinity ? 'all of it' : `${Math.round(bytes / mib)} MiB`);
      return failed(`nothing is kept for ${group}: where memory runs out, commands wait for the disk`, keepFix);
    },
  };
}
