import type { Clock } from '../clock.ts';
import type { InterlockConfig } from '../config/config.ts';
import type { Row } from './row.ts';

/** Stands for the name of a member that may have gone off before the agent started: no document has it. */
export const unknownMember = '';

/** An output of a group. The group knows it by its name: another config may close it and open it again. */
export interface InterlockMember {
  readonly name: string;
  /** That it drives: under another config the same name may drive another one. */
  readonly line: string;
  /** Goes off at once, in favour of another member; false: it could not, and may still be on. */
  yieldTo(name: string): boolean;
}

/** Whether a member may go on: after so long, or not while `heldBy` has the group. */
export type Passage = { readonly waitMs: number } | { readonly heldBy: string };

/**
 * Outputs of which at most one is on: up and down of a hoist. Whoever wants to go on holds the group from then until it
 * is off again; between two holders all are off for the dead time. So they are after the start of the agent: whoever was there
 * before may have switched any of them off a moment ago.
 *
 * Not promised: anything while the agent is not running, but that its guard keeps the dead time where it drives safe states.
 * Wire what must never be on together so that it cannot.
 */
export class InterlockGroup {
  readonly #clock: Clock;
  readonly #wentOff: (name: string) => void;
  #deadTimeMs: number;
  #holder: InterlockMember | undefined;
  #last: { readonly name: string; readonly line?: string; readonly offMs: number } | undefined;

  /** `wentOff`: a member did, and the dead time begins. */
  constructor(clock: Clock, deadTimeMs: number, wentOff: (name: string) => void = () => {}) {
    this.#clock = clock;
    this.#wentOff = wentOff;
    this.#deadTimeMs = deadTimeMs;
  }

  /** Until now any member may have been on, even one that has another name by now. */
  begin(): void {
    this.#last = { name: unknownMember, offMs: this.#clock.monotonicMs() };
  }

  /** Another dead time, from now on. */
  retime(deadTimeMs: number): void {
    this.#deadTimeMs = deadTimeMs;
  }

  /** The member that is on, or wants to go on. */
  get heldBy(): string | undefined {
    return this.#holder?.name;
  }

  /** From here on the member holds the group, unless the answer is `heldBy`. */
  request(member: InterlockMember, policy: InterlockConfig['policy']): Passage {
    const holder = this.#holder;
    if (holder !== undefined && holder.name !== member.name) {
      if (policy === 'refuse' || !holder.yieldTo(member.name)) return { heldBy: holder.name };
    }
    this.#holder = member;
    if (this.#last === undefined || this.#last.line === member.line) return { waitMs: 0 };
    return { waitMs: Math.max(0, this.#last.offMs + this.#deadTimeMs - this.#clock.monotonicMs()) };
  }

  /** The member is off, and does not want to go on. `wasOn`: only then there is a dead time to keep. */
  release(member: InterlockMember, wasOn: boolean): void {
    const { name } = member;
    const { line } = this.heldBy === name ? (this.#holder ?? member) : member; // As it was on.
    if (this.heldBy === name) this.#holder = undefined;
    if (!wasOn) return;
    this.#last = { name, line, offMs: this.#clock.monotonicMs() };
    this.#wentOff(name);
  }

  /**
   * Another config has its members elsewhere, perhaps: who holds it holds that group as well, and its dead time runs there.
   * `groups`: where its members are now.
   */
  passOn(groups: readonly (readonly [member: string, group: InterlockGroup | undefined])[]): void {
    const [holder, last] = [this.#holder, this.#last];
    for (const [name, group] of groups) {
      if (group !== undefined && name === holder?.name) group.#holder ??= holder;
      if (group === undefined || last === undefined || (last.name !== name && last.name !== unknownMember)) continue;
      if (last.offMs > (group.#last?.offMs ?? Number.NEGATIVE_INFINITY)) group.#last = last;
    }
  }

  /** These are its members now. One that held the group as it was closed, and is none of them, is on its own. */
  settle(names: readonly string[]): void {
    if (this.#holder !== undefined && !names.includes(this.#holder.name)) this.release(this.#holder, true);
  }
}

/**
 * One group for each name in the config; the longest dead time of its members counts for all. With another config a
 * group goes on as it is: who holds it, holds it.
 */
export class Interlocks {
  readonly #clock: Clock;
  readonly #wentOff: ((name: string) => void) | undefined;
  readonly #groups = new Map<string, InterlockGroup>(); // At most one per document.
  #groupNames: ReadonlyMap<string, string> = new Map(); // Of each document; empty: in none.

  constructor(clock: Clock, rows: readonly Row[], wentOff?: (name: string) => void) {
    this.#clock = clock;
    this.#wentOff = wentOff;
    this.use(rows);
  }

  group(name: string | undefined): InterlockGroup | undefined {
    return this.#groups.get(name ?? '');
  }

  /** The agent has started, and all members are off by now but those that hold their group. `only`: one of that group has come. */
  begin(only?: string): void {
    for (const [name, group] of this.#groups) if (only === undefined || name === only) group.begin();
    if (this.#groups.size > 0) this.#wentOff?.(unknownMember);
  }

  use(rows: readonly Row[]): void {
    const deadTimes = deadTimesOf(rows);
    const before = [...this.#groups];
    for (const name of this.#groups.keys()) if (!deadTimes.has(name)) this.#groups.delete(name);
    for (const [name, deadTimeMs] of deadTimes) {
      const known = this.#groups.get(name);
      if (known === undefined) this.#groups.set(name, new InterlockGroup(this.#clock, deadTimeMs, this.#wentOff));
      else known.retime(deadTimeMs);
    }
    const groupNames = new Map(rows.map((row) => [row.name, groupOf(row)?.group ?? '']));
    for (const [name, group] of before) {
      const members = [...groupNames].filter(([member]) => this.#groupNames.get(member) === name);
      group.passOn(members.map(([member, next]) => [member, this.#groups.get(next)]));
    }
    this.#groupNames = groupNames;
  }

  /** `rows`: of the documents that are open, once another config is in place. */
  settle(rows: readonly Row[]): void {
    for (const [name, group] of this.#groups) {
      group.settle(rows.filter((row) => groupOf(row)?.group === name).map((row) => row.name));
    }
  }
}

export function groupOf({ config }: Pick<Row, 'config'>): InterlockConfig | undefined {
  return config.driver === 'gpio-out' ? config.interlock : undefined;
}

/** Of each group: the longest one of its members. */
export function deadTimesOf(rows: readonly Pick<Row, 'config'>[]): ReadonlyMap<string, number> {
  const deadTimes = new Map<string, number>();
  for (const row of rows) {
    const interlock = groupOf(row);
    if (interlock === undefined) continue;
    const { group, deadTimeMs } = interlock;
    deadTimes.set(group, Math.max(deadTimeMs, deadTimes.get(group) ?? 0));
  }
  return deadTimes;
}
