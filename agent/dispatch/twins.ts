/** What tells one command from another on both connections. */
export interface Twin {
  readonly topic: string;
  /** Topic, QoS and retain flag: those that are alike in this overtake one another on no connection. */
  readonly order: string;
  /** The bytes, as Latin-1. */
  readonly content: string;
  readonly contentType?: string | undefined;
}

interface Noted {
  readonly twin: Twin;
  readonly waitMs: number;
  /** Its connection was up. Else it may not come at all, and nobody can tell it from the next one with the same bytes. */
  readonly isSure: boolean;
  untilMs: number;
}

/** How many may be remembered, and how large they may be together. */
export interface TwinLimits {
  readonly countMax: number;
  readonly bytesMax: number;
}

/** Messages that were carried out and whose twin is still to come, each for a while. When full: the oldest is forgotten. */
export class Twins {
  readonly #limits: TwinLimits;
  readonly #noted: Noted[] = []; // Oldest first; few, so they are searched one by one.

  constructor(limits: TwinLimits) {
    this.#limits = limits;
  }

  /** False when another one was forgotten for it. One that is not sure stands for all that are alike, a while behind the last. */
  add(twin: Twin, nowMs: number, waitMs: number, isSure: boolean): boolean {
    const unsure = this.#noted.find((noted) => !noted.isSure && isAwaited(noted, twin, nowMs));
    if (unsure !== undefined) {
      unsure.untilMs = nowMs + unsure.waitMs;
      return true;
    }
    const isRoomy = hasRoom(this.#noted, twin, this.#limits);
    while (!hasRoom(this.#noted, twin, this.#limits)) this.#noted.shift();
    this.#noted.push({ twin, waitMs, isSure, untilMs: nowMs + waitMs });
    return isRoomy;
  }

  /** A sure one is gone then, with the older ones of its order: they are lost. */
  take(twin: Twin, nowMs: number): 'sure' | 'unsure' | undefined {
    const index = this.#noted.findIndex((noted) => isAwaited(noted, twin, nowMs));
    const noted = this.#noted[index];
    if (noted?.isSure === false) return 'unsure';
    this.#dropUpTo(index, twin.order);
    return noted && 'sure';
  }

  /** All of this order. */
  drop({ order }: Twin): void {
    this.#dropUpTo(this.#noted.length - 1, order);
  }

  /** Whether any of that topic is still to come. */
  has(topic: string, nowMs: number): boolean {
    return this.#noted.some(({ twin, untilMs }) => untilMs >= nowMs && twin.topic === topic);
  }

  /** Those of its order that are sure and still to come. */
  surelyOf({ order }: Twin, nowMs: number): readonly Twin[] {
    return this.#noted.flatMap(({ twin, isSure, untilMs }) =>
      isSure && untilMs >= nowMs && twin.order === order ? [twin] : [],
    );
  }

  /** None is waited for any longer than that. */
  cut(untilMs: number): void {
    for (const noted of this.#noted) noted.untilMs = Math.min(noted.untilMs, untilMs);
  }

  clear(): void {
    this.#noted.length = 0;
  }

  #dropUpTo(index: number, order: string): void {
    for (let at = index; at >= 0; at -= 1) {
      if (this.#noted[at]?.twin.order === order) this.#noted.splice(at, 1);
    }
  }
}

/** For one more beside these; where there are none there is always room. */
export function hasRoom(
  kept: readonly { readonly twin: Twin }[],
  one: Twin,
  { countMax, bytesMax }: TwinLimits,
): boolean {
  const bytes = kept.reduce((sum, { twin }) => sum + twin.content.length, one.content.length);
  return kept.length === 0 || (kept.length < countMax && bytes <= bytesMax);
}

function isAwaited({ twin, untilMs }: Noted, { order, content }: Twin, nowMs: number): boolean {
  return untilMs >= nowMs && twin.order === order && twin.content === content;
}
