import type { Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { storeRowOverheadBytes } from '../limits.ts';
import type { CommitQueue, Riders } from './commit-queue.ts';
import { refuse, type StoreError } from './error.ts';
import type { Room } from './keeper.ts';
import type { StoreLimits } from './limits.ts';
import type { Loaded, Write } from './rows.ts';
import type { Values } from './store.ts';

const keyPattern = /^(?!store\.)[\w.-]{1,160}$/; // `store.` is our own; the name of any key and document has room behind a prefix.

/** Values by name: in memory in whole, written at once or along with others. */
export class QueuedValues implements Values, Room, Riders {
  readonly #queue: CommitQueue;
  readonly #clock: Clock;
  readonly #limits: StoreLimits;
  readonly #texts = new Map<string, string>();
  readonly #soon = new Map<string, string>();
  readonly #riding = new Map<string, string>();
  #timer: Disposable | undefined;

  constructor(queue: CommitQueue, clock: Clock, limits: StoreLimits) {
    this.#queue = queue;
    this.#clock = clock;
    this.#limits = limits;
    queue.setRiders(this);
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  set(key: string, text: string): Promise<Result<void, StoreError>> {
    const costBytes = storeRowOverheadBytes + Buffer.byteLength(text);
    const refusal = this.#refusal(key, text) ?? this.#queue.refusal('set', costBytes);
    if (refusal !== undefined) return refusal;
    this.#soon.delete(key);
    this.#riding.delete(key);
    this.#texts.set(key, text);
    return this.#queue.write([{ kind: 'value-put', key, text }], costBytes);
  }

  setSoon(key: string, text: string): void {
    const refusal = this.#refusal(key, text);
    assert(refusal === undefined, `value ${key} of ${text.length} characters is over a bound of the store`);
    if (this.#texts.get(key) === text) return;
    this.#texts.set(key, text);
    this.#soon.set(key, text);
    this.#timer ??= this.#clock.after(this.#limits.valueDelayMs, () => {
      this.#timer = undefined;
      if (this.#soon.size > 0) void this.#queue.write([], 0); // The riders are the load.
    });
  }

  take(): readonly Write[] {
    for (const [key, text] of this.#soon) this.#riding.set(key, text);
    this.#soon.clear();
    return [...this.#riding].map(([key, text]) => ({ kind: 'value-put', key, text }));
  }

  settle(): void {
    this.#riding.clear();
  }

  load({ values }: Loaded): readonly Write[] {
    this.#texts.clear();
    for (const { key, text } of values) if (keyPattern.test(key)) this.#texts.set(key, text);
    for (const [key, text] of [...this.#riding, ...this.#soon]) this.#texts.set(key, text);
    return []; // They go along with the commit that follows.
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #refusal(key: string, text: string): Promise<Result<never, StoreError>> | undefined {
    assert(keyPattern.test(key), `not a name of a value: ${key}`);
    const { valuesCountMax, valueBytesMax } = this.#limits;
    const textBytes = Buffer.byteLength(text);
    if (textBytes > valueBytesMax) {
      return refuse('too-large', 'set', key, `${textBytes} bytes; the bound of a value is ${valueBytesMax}`);
    }
    if (this.#texts.has(key) || this.#texts.size < valuesCountMax) return undefined;
    return refuse('overloaded', 'set', key, `there are ${valuesCountMax} values already`);
  }
}
