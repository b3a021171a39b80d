import { formatLine, type LineAddress } from '../contract/digital.ts';
import type { ChipHold } from './lines.ts';

/** Lines of an earlier process, as somebody kept them. Each is known by the address the config had for it. */
export class KeptLines implements Disposable {
  readonly #holds: Map<string, ChipHold>;

  constructor(holds: readonly ChipHold[]) {
    this.#holds = new Map(holds.map((hold) => [hold.resource, hold]));
  }

  get count(): number {
    return this.#holds.size;
  }

  /** From now on it is the caller's. */
  take(line: LineAddress): ChipHold | undefined {
    const hold = this.#holds.get(formatLine(line));
    this.#holds.delete(formatLine(line));
    return hold;
  }

  has(line: LineAddress): boolean {
    return this.#holds.has(formatLine(line));
  }

  /** Lets go of a line that is to be something else. */
  free(line: LineAddress): void {
    const hold = this.take(line);
    hold?.native.close(hold.lines);
  }

  /** Lets go of what nobody took. */
  [Symbol.dispose](): void {
    for (const { native, lines } of this.#holds.values()) native.close(lines);
    this.#holds.clear();
  }
}
