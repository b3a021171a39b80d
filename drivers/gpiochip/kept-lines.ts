import { formatLine, type LineAddress } from '../contract/digital.ts';
import type { ChipHold } from './lines.ts';
import { type ChipLayout, type LinePlace, resolveLine } from './resolve.ts';

/**
 * Lines that are held for whoever opens them next: of an earlier process, or of a document that was closed. Each is known
 * by the address the config had for it.
 */
export class KeptLines implements Disposable {
  readonly #holds: Map<string, ChipHold>;

  constructor(holds: readonly ChipHold[] = []) {
    this.#holds = new Map(holds.map((hold) => [hold.resource, hold]));
  }

  get count(): number {
    return this.#holds.size;
  }

  /** From now on it is ours. */
  add(hold: ChipHold): void {
    this.free(hold.resource); // Never two of a line: the second one could not have been opened.
    this.#holds.set(hold.resource, hold);
  }

  /** From now on it is the caller's. */
  take(line: LineAddress): ChipHold | undefined {
    const hold = this.#holds.get(formatLine(line));
    this.#holds.delete(formatLine(line));
    return hold;
  }

  /** The same for a line that had another address in the config: `GPIO17` is `pinctrl-rp1:17` as well. */
  takeAt(place: LinePlace, chips: readonly ChipLayout[]): ChipHold | undefined {
    const resource = [...this.#holds.keys()].find((known) => isAt(place, placeOf(chips, known)));
    return resource === undefined ? undefined : this.take(resource);
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

function isAt(place: LinePlace, other: LinePlace | undefined): boolean {
  return other?.path === place.path && other.offset === place.offset;
}

/** A resource is a name, or a label and an offset; both may have a colon in them. */
function placeOf(chips: readonly ChipLayout[], resource: string): LinePlace | undefined {
  const named = resolveLine(chips, resource);
  if (named.ok) return named.value;
  const [, chip = '', offset = ''] = /^(.+):(\d+)$/.exec(resource) ?? [];
  const placed = resolveLine(chips, { chip, offset: Number(offset) });
  return placed.ok ? placed.value : undefined;
}
