import { storeSoonMs } from '../../agent/limits.ts';
import type { Message } from '../../agent/qn/message.ts';
import { decodeMessage } from '../../agent/qn/registry.ts';
import type { Store } from '../../agent/store/store.ts';
import type { Life } from './life.ts';
import { replacing } from './plants.ts';

/** An event may be lost with its agent for this long after it happened: sweeps, commits and a slow line. */
const graceMs = 2 * storeSoonMs + 1_000;

/** Which events happened, which the agent had to keep, and which came out. Each event has a text of its own. */
export class EventLedger {
  readonly #happened = new Map<string, { readonly life: Life; readonly atMs: number }>();
  readonly #owed = new Set<string>();
  readonly #delivered = new Map<string, number>();

  get happenedCount(): number {
    return this.#happened.size;
  }

  happen(text: string, life: Life, atMs: number): void {
    this.#happened.set(text, { life, atMs });
  }

  deliver(text: string): void {
    this.#delivered.set(text, (this.#delivered.get(text) ?? 0) + 1);
  }

  /** What a life had time for, with a disk that worked, is owed whether it lives on or not. */
  settle(nowMs: number, troubledMs: number): void {
    for (const [text, { life, atMs }] of this.#happened) {
      if (life.isAlive && nowMs - atMs >= graceMs && atMs > troubledMs) this.#owed.add(text);
    }
  }

  /** Who lived on to the end owes everything. */
  settleAll(): void {
    for (const [text, { life }] of this.#happened) if (life.isAlive) this.#owed.add(text);
  }

  get missing(): readonly string[] {
    return [...this.#owed].filter((text) => !this.#delivered.has(text));
  }

  get invented(): readonly string[] {
    return [...this.#delivered.keys()].filter((text) => !this.#happened.has(text));
  }

  /** What the store said is durable is owed from then on. */
  watch(store: Store): Store {
    const { outbox } = store;
    const watched: Store['outbox'] = replacing(outbox, {
      put: async (message) => {
        const text = eventText(message.bytes);
        const written = await outbox.put(message);
        if (written.ok && text !== undefined) this.#owed.add(text);
        return written;
      },
    });
    return replacing(store, { outbox: watched });
  }
}

/** The text of an event of the serial line. */
export function eventTextOf(message: Message): string | undefined {
  return message.t === 'event' && typeof message.val === 'string' ? message.val : undefined;
}

function eventText(bytes: Uint8Array): string | undefined {
  const decoded = decodeMessage(bytes, { nowMs: 0 });
  return decoded.ok ? eventTextOf(decoded.value) : undefined;
}
