import type { ChangeOutcome } from '../../agent/config/change/change.ts';
import { changeConfig } from '../../agent/config/change/change.ts';
import type { Keeping } from '../../agent/config/change/changeable.ts';
import { ok } from '../../drivers/contract/result.ts';
import { checkedOf } from './checked-config.ts';
import { configText } from './config-text.ts';
import { type MemoryAgent, type MemoryAgentOptions, startMemoryAgent } from './memory-agent.ts';

/** Keeps nothing; for tests of the change itself. */
export const nowhere: Keeping = { begin: async () => ok(), commit: async () => ok(), async abandon() {} };

export interface ChangingAgent extends MemoryAgent {
  /** Goes over to a config with these documents and sections, on the board as it runs. */
  change(next: Omit<MemoryAgentOptions, 'node'>, keeping?: Keeping): Promise<ChangeOutcome>;
}

/** A memory agent that is up, and can be given other configs. */
export async function startChangingAgent(options: MemoryAgentOptions): Promise<ChangingAgent> {
  const started = await startMemoryAgent(options);
  await started.hear({ verb: 'state', document: 'channels' });
  const { changeable } = started.agent;
  const stop = new AbortController();
  return {
    ...started,
    async change(next, keeping = nowhere) {
      const folder = changeable.running.config.stateFolder;
      const text = configText({ ...next, url: 'mqtt://127.0.0.1', board: folder, state: folder });
      return await changeConfig(changeable, { next: checkedOf(text), isOverAir: false }, keeping, stop.signal);
    },
  };
}
