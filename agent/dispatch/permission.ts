import type { Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { bindingEntry, judgeControl, type Sender } from '../trust/control.ts';
import { tokenQueueCountMax } from '../trust/limits.ts';
import type { TokenVerifier } from '../trust/token.ts';

/** A row of the config, or a document of the agent itself. */
export interface Commanded {
  readonly name: string;
  readonly config: { readonly control?: readonly string[] };
}

export interface Permissions {
  /**
   * Calls one of the two: at once where no signature has to be checked and none is being checked for this document, else
   * later, in the order of arrival (QN-4.3).
   */
  ask(row: Commanded, sender: Sender, granted: () => void, refused: (refusal: Refusal) => void): void;
  /** Everybody may command it, and no signature is being checked for it: `ask` would grant it at once. */
  isFree(row: Commanded): boolean;
  /** Resolves when no signature is being checked. */
  settled(): Promise<void>;
}

export interface PermissionDependencies {
  /** For the keys of the config that runs. */
  verifier(): TokenVerifier;
  /** Whether this very command, by source and id, was let through before. */
  isKnown(document: string, message: Notify): boolean;
}

interface Queue {
  tail: Promise<void>;
  count: number;
}

/**
 * Who may command a document (`control`, QN-4.9). Without it everybody may whom the broker lets publish. A source is what the
 * message says of itself: without rights at the broker it keeps out mistakes, not attackers; a token keeps out both.
 */
export function createPermissions({ verifier, isKnown }: PermissionDependencies): Permissions {
  const queues = new Map<string, Queue>(); // One per document at most.

  async function check({ name }: Commanded, message: Notify): Promise<Refusal | undefined> {
    if (isKnown(name, message)) return undefined; // It acts no second time, and is told how the first one ended.
    const verified = await verifier().verify(message, { document: name, role: 'actuate' });
    return verified.ok ? undefined : verified.error;
  }

  function enqueue(row: Commanded, step: () => Promise<void>, refused: (refusal: Refusal) => void): void {
    const queue = queues.get(row.name) ?? { tail: Promise.resolve(), count: 0 };
    if (queue.count >= tokenQueueCountMax) {
      return refused({ reason: 'busy', detail: `too many commands of ${row.name} wait for their token to be checked` });
    }
    queue.count += 1;
    queue.tail = queue.tail.then(step).finally(() => {
      queue.count -= 1;
      if (queue.count === 0) queues.delete(row.name);
    });
    queues.set(row.name, queue);
  }

  return {
    ask(row, sender, granted, refused) {
      const end = (refusal: Refusal | undefined) => (refusal === undefined ? granted() : refused(refusal));
      const verdict = judgeControl(row.config.control, sender);
      if (verdict === 'check') return enqueue(row, async () => end(await check(row, sender.message)), refused);
      const refusal = verdict === 'refused' ? strangerRefusal(row, sender) : undefined;
      if (!queues.has(row.name)) return end(refusal);
      enqueue(row, async () => end(refusal), refused);
    },
    isFree: ({ name, config }) => config.control === undefined && !queues.has(name),
    async settled() {
      for (const { tail } of [...queues.values()]) await tail;
    },
  };
}

function strangerRefusal({ name, config }: Commanded, { message, isBound }: Sender): Refusal {
  const allowed = (config.control ?? []).filter((entry) => entry !== bindingEntry);
  if (isBound)
    return { reason: 'not-permitted', detail: `no binding may command ${name}; add ${bindingEntry} to its control` };
  const who =
    message.src === undefined ? 'a command without src' : `the source ${JSON.stringify(message.src.slice(0, 64))}`;
  return {
    reason: 'not-permitted',
    detail: `${who} may not command ${name}; those may: ${allowed.join(', ') || 'nobody'}`,
  };
}
