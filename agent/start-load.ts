import type { DispatchLoop } from './dispatch/run.ts';
import { sparedHealthFactor } from './health/limits.ts';
import type { LoadWatch } from './health/load-watch.ts';
import type { HealthReporter } from './health/reporter.ts';
import type { Uplink } from './uplink.ts';
import type { Voice } from './voice.ts';

export interface LoadParts {
  readonly loop: DispatchLoop;
  readonly uplink: Uplink;
  readonly reporter: HealthReporter;
  readonly voice: Pick<Voice, 'outbox' | 'watches' | 'chronicle'>;
}

/** From now on the board does without what QN-6.9 says of its level; commands are turned away by the dispatch itself. */
export function startLoadWatch(load: LoadWatch, { loop, uplink, reporter, voice }: LoadParts): void {
  load.start({ overflows: () => loop.overflowsCount, isConnected: () => uplink.isUp }, (level) => {
    voice.chronicle.note('health', 'agent', { degrade_level: level });
    reporter.stretch(level >= 1 ? sparedHealthFactor : 1);
    voice.outbox.isSparing = level >= 2;
    voice.watches.pause(level >= 2);
    reporter.refresh();
  });
}
