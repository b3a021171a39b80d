import { eventRingCount, eventTextBytesMax } from '../limits.ts';
import type { Value } from '../qn/message.ts';
import type { LsnStamp } from './log-sequence.ts';

/** change: a document has another value · event: something that is no state · command: one ended · link: up or down. */
export const happeningKinds = ['change', 'event', 'command', 'link', 'health'] as const;
export type HappeningKind = (typeof happeningKinds)[number];

export interface Happening {
  readonly stamp: LsnStamp;
  readonly kind: HappeningKind;
  readonly document: string;
  /** In brief: what is long is cut. */
  readonly value: Value;
  /** W3C traceparent of what led to it. */
  readonly trace?: string;
  /** Of the life it happened in, where that is an earlier one. */
  readonly boot?: string;
}

/**
 * What happened on this node. History is overwritten, totals are not: the oldest of eventRingCount goes, and is still
 * counted.
 */
export class EventRing {
  readonly #ring: Happening[] = []; // At most eventRingCount.
  #next = 0;
  readonly #totals = new Map<HappeningKind, number>(happeningKinds.map((kind) => [kind, 0]));

  /** Returns it as it is kept. */
  note(happening: Happening): Happening {
    this.#totals.set(happening.kind, this.total(happening.kind) + 1);
    const kept = { ...happening, value: brief(happening.value) };
    this.#put(kept);
    return kept;
  }

  /** What earlier lives left; it is not counted. */
  restore(happenings: readonly Happening[]): void {
    for (const happening of happenings) this.#put(happening);
  }

  total(kind: HappeningKind): number {
    return this.#totals.get(kind) ?? 0;
  }

  /** The oldest first. */
  read(): readonly Happening[] {
    return this.#ring.length < eventRingCount
      ? this.#ring
      : [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  #put(happening: Happening): void {
    this.#ring[this.#next] = happening;
    this.#next = (this.#next + 1) % eventRingCount;
  }
}

/** A copy of a bounded size: the ring must not keep a large message alive. */
function brief(value: Value): Value {
  if (typeof value === 'string') return value.length <= eventTextBytesMax ? value : cut(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return cut(`bytes ${Buffer.from(value.subarray(0, eventTextBytesMax / 2)).toString('hex')}`);
  const text = JSON.stringify(value);
  return text.length <= eventTextBytesMax ? value : cut(text);
}

/** By way of bytes: a piece of a string would hold on to the whole. */
function cut(text: string): string {
  if (text.length <= eventTextBytesMax) return text;
  return `${Buffer.from(text.slice(0, eventTextBytesMax), 'utf8').toString('utf8')}…`;
}
