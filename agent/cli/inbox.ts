import type { CliContext } from './verb.ts';

/** What arrived and was not looked at yet, for a command that waits. When full: drop-oldest, the user sees the newest. */
export class Inbox<Item> {
  readonly #context: CliContext;
  readonly #items: Item[] = [];
  #wake: () => void = () => {};

  constructor(context: CliContext) {
    this.#context = context;
    context.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  add(item: Item): void {
    if (this.#items.length >= 4_096) this.#items.shift();
    this.#items.push(item);
    this.#wake();
  }

  /** The next one; undefined after `timeoutMs` or when the user gave up. */
  async next(timeoutMs: number): Promise<Item | undefined> {
    const { clock, signal } = this.#context;
    if (this.#items.length === 0 && !signal.aborted && timeoutMs > 0) {
      await new Promise<void>((resolve) => {
        const limit = timeoutMs === Infinity ? undefined : clock.after(timeoutMs, resolve);
        this.#wake = () => {
          limit?.[Symbol.dispose]();
          resolve();
        };
      });
    }
    return signal.aborted ? undefined : this.#items.shift();
  }
}
