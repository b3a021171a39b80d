import type { Clock } from '../clock.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import { keptEventBytesMax, keptEventsCount, keptEventsMs } from '../health/limits.ts';
import type { Values } from '../store/store.ts';
import { type Happening, happeningKinds } from './event-ring.ts';

/**
 * The latest of what happened, in the store with both stamps, so that it can be read after a power cut. It waits for no
 * disk, and costs a message nothing: what came within a second is handed to the store together, and goes along with the
 * next commit, or within `valueDelayMs`. What is newer a power cut takes.
 */
export class KeptEvents {
  readonly #clock: Clock;
  readonly #values: Values;
  readonly #boot: bigint;
  readonly #pending = new Map<number, Happening>(); // By place: keptEventsCount at most.
  #timer: Disposable | undefined;

  constructor(clock: Clock, values: Values, boot: bigint) {
    this.#clock = clock;
    this.#values = values;
    this.#boot = boot;
  }

  /** When full: the oldest gives its place. */
  keep(happening: Happening): void {
    this.#pending.set(happening.stamp.lsn % keptEventsCount, happening);
    this.#timer ??= this.#clock.after(keptEventsMs, () => this.flush());
  }

  /** Hands over what waits; for the end of the agent. */
  flush(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const [place, happening] of this.#pending) {
      const whole = textOf(happening, this.#boot);
      const isSmall = Buffer.byteLength(whole) <= keptEventBytesMax;
      this.#values.setSoon(keyOf(place), isSmall ? whole : textOf({ ...happening, value: '…' }, this.#boot));
    }
    this.#pending.clear();
  }

  /** Of earlier lives, the oldest first. What cannot be read is left out. */
  read(): readonly Happening[] {
    return Array.from({ length: keptEventsCount }, (_, index) => this.#values.get(keyOf(index)))
      .flatMap((text) => (text === undefined ? [] : parse(text)))
      .toSorted((one, other) => one.stamp.lsn - other.stamp.lsn);
  }
}

function keyOf(index: number): string {
  return `lsn.event.${index}`;
}

function textOf({ stamp, kind, document, value, trace }: Happening, boot: bigint): string {
  const { lsn, monotonicMs, wallMs } = stamp;
  return JSON.stringify({ lsn, monotonicMs, wallMs, kind, document, value, trace, boot: boot.toString() });
}

function parse(text: string): readonly Happening[] {
  const row = tryParseJson(text);
  return isRow(row) ? [happeningOf(row)] : [];
}

interface Row extends Omit<Happening, 'stamp'> {
  readonly lsn: number;
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly boot: string;
}

function happeningOf({ lsn, monotonicMs, wallMs, ...row }: Row): Happening {
  return { stamp: { lsn, monotonicMs, wallMs }, ...row };
}

function isRow(row: unknown): row is Row {
  if (!isPlainMap(row)) return false;
  const areNumbers = ['lsn', 'monotonicMs', 'wallMs'].every((name) => Number.isFinite(row[name]));
  const areTexts = ['document', 'boot'].every((name) => typeof row[name] === 'string');
  return areNumbers && areTexts && happeningKinds.some((kind) => kind === row['kind']) && 'value' in row;
}
