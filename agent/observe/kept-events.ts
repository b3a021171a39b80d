import { keptEventBytesMax, keptEventsCount } from '../health/limits.ts';
import type { Values } from '../store/store.ts';
import { type Happening, happeningKinds } from './event-ring.ts';

/**
 * The latest of what happened, in the store with both stamps, so that it can be read after a power cut. It waits for no
 * disk: each goes along with the next commit, or within `valueDelayMs`; what is newer a power cut takes.
 */
export class KeptEvents {
  readonly #values: Values;
  readonly #boot: bigint;

  constructor(values: Values, boot: bigint) {
    this.#values = values;
    this.#boot = boot;
  }

  /** When full: the oldest gives its place. */
  keep(happening: Happening): void {
    const { lsn } = happening.stamp;
    const whole = textOf(happening, this.#boot);
    const isSmall = Buffer.byteLength(whole) <= keptEventBytesMax;
    this.#values.setSoon(
      keyOf(lsn % keptEventsCount),
      isSmall ? whole : textOf({ ...happening, value: '…' }, this.#boot),
    );
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
  try {
    const row: unknown = JSON.parse(text);
    return isRow(row) ? [happeningOf(row)] : [];
  } catch {
    return []; // Not written by us: it is one thing less to tell.
  }
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
  if (typeof row !== 'object' || row === null) return false;
  const fields = new Map<string, unknown>(Object.entries(row));
  const areNumbers = ['lsn', 'monotonicMs', 'wallMs'].every((name) => Number.isFinite(fields.get(name)));
  const areTexts = ['document', 'boot'].every((name) => typeof fields.get(name) === 'string');
  return areNumbers && areTexts && happeningKinds.some((kind) => kind === fields.get('kind')) && fields.has('value');
}
