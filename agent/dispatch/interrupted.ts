import type { Journal } from '../store/store.ts';
import type { Acknowledger } from './acknowledge.ts';

/**
 * What was under way when the agent died ends `failed, interrupted`: whether it had its effect nobody knows, and it is
 * never done again (QN-4.2). Journal and ack are in one commit; a crash in between tells it at the next start.
 */
export async function tellInterrupted(journal: Journal, acknowledger: Acknowledger): Promise<void> {
  for (const { source, id, document, verdict } of await journal.interrupted) {
    const reason = 'interrupted';
    if (verdict === 'interrupted') void journal.end({ source, id, document }, { status: 'failed', reason });
    const detail =
      verdict === 'state-loop'
        ? 'the agent died again and again while this was under way; it is given up'
        : 'the agent died while this was under way; whether it had its effect is not known';
    acknowledger.tell({ document, id }, { status: 'failed', reason, detail, isJournaled: true });
  }
}
