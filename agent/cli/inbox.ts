import type { CliContext } from './verb.ts';

/** What arrived and was not looked at yet, for a command that waits. When full: drop-oldest, the user sees the newest. */
export class Inbox<Item> {
  readonly #context: CliContext;
  readonly #items: Item[] = [];
  #wake: () => void = () => {};
  #isClosed = false;

  constructor(context: CliContext) {
    this.#context = context;
    context.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  add(item: Item): void {
    if (this.#items.length >= 4_096) this.#items.shift();
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing more will come: the connection broke. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nothing more comes out, because it is closed or the user gave up: nobody is to blame for not answering. */
  get isOver(): boolean {
    return this.#isClosed || this.#context.signal.aborted;
  }

  /** The next one; undefined after `timeoutMs`, when nothing more will come, or when the user gave up. */
  async next(timeoutMs: number): Promise<Item | undefined> {
    const { clock, signal } = this.#context;
    const isWaiting = this.#items.length === 0 && !this.#isClosed && !signal.aborted;
    if (isWaiting && timeoutMs > 0) {
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
