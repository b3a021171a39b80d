import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { sendAttemptsMax, watchesMax } from '../limits.ts';
import type { Outbox } from '../mqtt/outbox.ts';
import type { Fate } from '../mqtt/outgoing.ts';
import type { Codec } from '../qn/codec.ts';
import type { Query, Snapshot } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { deltaOf } from './delta-of.ts';
import type { Publisher } from './publisher.ts';
import type { DocumentStates } from './states.ts';
import { type Grant, grantWatch, nextTelling, type Told } from './watch-pace.ts';

/** Who watches what, and how it wants to hear. */
export interface Watcher {
  readonly document: string;
  readonly query: Query;
  /** Absent: it reads the topics that are there for everybody. */
  readonly replyTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly encoding?: Codec['name'];
}

export interface WatchStats {
  readonly open: number;
  /** Deltas and Snapshots told to watchers, since start. */
  readonly told: number;
  /** Watches that were not opened because there are too many, since start. */
  readonly refused: number;
  /** Ended by their lease, or because the broker hangs up on what they are told, since start. */
  readonly expired: number;
}

export interface WatchDependencies {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly states: DocumentStates;
  readonly outbox: Pick<Outbox, 'hasRoom'>;
}

/** What is kept of a watcher: its query may be large, and whoever handed it over may know more of it. */
type Listener = { readonly [Key in Exclude<keyof Watcher, 'query'>]: Watcher[Key] | undefined } & Pick<
  Watcher,
  'document'
>;

interface Watch {
  readonly watcher: Listener;
  readonly grant: Grant;
  untilMs: number;
  /** Connections in a row that broke while it was told something. */
  breaks: number;
  isBroken: boolean;
  told: Told | undefined;
  /** When it is looked at again without a change. */
  dueMs: number;
}

/**
 * The open watches (QN-5.1), one per document and reply topic, or source where there is none. Each has what it was told
 * last, so what it missed for whatever reason is folded into its next Delta; no watch has a queue. At most watchesMax;
 * over it: refuse `overloaded`.
 */
export class Watches implements Disposable {
  readonly #dependencies: WatchDependencies;
  readonly #watches = new Map<string, Watch>();
  readonly #counts = { told: 0, refused: 0, expired: 0 };
  #isPaused = false;
  #timer: Disposable | undefined;

  constructor(dependencies: WatchDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Opens, renews or cancels what the query says; `snapshot` is what it will be answered with. Returns what to add to
   * that answer.
   */
  ask(watcher: Watcher, snapshot: Snapshot): Result<Pick<Snapshot, 'lease'>, Refusal> {
    const { mode = 'get' } = watcher.query;
    if (mode === 'get') return ok({});
    const key = keyOf(watcher);
    if (mode === 'cancel') {
      this.#watches.delete(key);
      return ok({ lease: 0 }); // QN-5.1c
    }
    const granted = grantWatch(watcher.query);
    if (!granted.ok) return granted;
    if (!this.#watches.has(key) && !this.#makeRoom()) return fail(this.#overloaded());
    this.#open(key, watcher, granted.value, snapshot);
    return ok({ lease: granted.value.leaseMs });
  }

  /** The document has another value. */
  changed(document: string): void {
    for (const [key, watch] of this.#watches) if (watch.watcher.document === document) this.#serve(key, watch);
    this.#arm();
  }

  /** Nothing is told meanwhile; afterwards each has in one message what it missed. Leases go on. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.flush();
  }

  /** The outbox has room again. */
  flush(): void {
    for (const [key, watch] of this.#watches) this.#serve(key, watch);
    this.#arm();
  }

  /** A new connection: what was told may not have arrived (QN-5.3). */
  reannounce(): void {
    for (const watch of this.#watches.values()) {
      if (!isPrivate(watch)) continue;
      watch.told = undefined;
      // A broker that hangs up on its topic would do so for the length of its lease, and the node could say nothing else.
      if (watch.isBroken) watch.breaks += 1;
      if (watch.breaks >= sendAttemptsMax) watch.untilMs = 0;
      watch.isBroken = false;
    }
    this.flush();
  }

  stats(): WatchStats {
    return { open: this.#watches.size, ...this.#counts };
  }

  [Symbol.dispose](): void {
    this.#watches.clear();
    this.#arm();
  }

  #open(key: string, watcher: Watcher, grant: Grant, { ver = 0, val }: Snapshot): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const told = { version: ver, value: val, atMs: nowMs };
    const untilMs = nowMs + grant.leaseMs;
    const watch = { watcher: listenerOf(watcher), grant, untilMs, breaks: 0, isBroken: false, told, dueMs: untilMs };
    this.#watches.set(key, watch);
    this.#serve(key, watch);
    this.#arm();
  }

  #makeRoom(): boolean {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const [key, { untilMs }] of this.#watches) if (nowMs >= untilMs) this.#expire(key);
    return this.#watches.size < watchesMax;
  }

  #overloaded(): Refusal {
    this.#counts.refused += 1;
    return { reason: 'overloaded', detail: `${watchesMax} watches are open; cancel one, or read state/ and delta/` };
  }

  #expire(key: string): void {
    this.#watches.delete(key);
    this.#counts.expired += 1;
  }

  /** Tells what is due, and finds out when to look again. */
  #serve(key: string, watch: Watch): void {
    const { clock, states, outbox } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    if (nowMs >= watch.untilMs) return this.#expire(key);
    watch.dueMs = this.#isPaused ? watch.untilMs : watch.dueMs;
    const snapshot = states.snapshot(watch.watcher.document);
    if (snapshot === undefined || this.#isPaused) return;
    const current = { version: snapshot.ver ?? 0, value: snapshot.val };
    if (!isPrivate(watch) && watch.told?.version !== current.version) watch.told = { ...current, atMs: nowMs }; // By the states.
    let next = nextTelling(watch.grant, watch.told, current, nowMs);
    if (next.tell !== 'later') {
      watch.dueMs = watch.untilMs;
      if (!outbox.hasRoom || !this.#tell(watch, next.tell, snapshot)) return; // `flush` or `reannounce` comes.
      watch.told = { ...current, atMs: nowMs };
      next = nextTelling(watch.grant, watch.told, current, nowMs);
    }
    if (next.tell === 'later') watch.dueMs = Math.min(next.atMs, watch.untilMs);
  }

  #tell(watch: Watch, how: 'delta' | 'snapshot', snapshot: Snapshot): boolean {
    const { watcher, told } = watch;
    const { document, replyTopic, correlationData, encoding } = watcher;
    const message = (how === 'delta' && told !== undefined ? deltaOf(told, snapshot) : undefined) ?? snapshot;
    const isTold = this.#dependencies.publisher.say({
      message: { ...message, doc: document },
      to: replyTopic === undefined ? { verb: 'state', document } : { topic: replyTopic },
      retain: replyTopic === undefined,
      policy: 'when-up',
      onEnd: (fate) => this.#learn(watch, fate),
      ...(encoding === undefined || encoding === 'compact' ? {} : { encoding }),
      ...(correlationData === undefined ? {} : { correlationData }),
    });
    if (isTold) this.#counts.told += 1;
    return isTold;
  }

  #learn(watch: Watch, fate: Fate): void {
    if (fate === 'dropped') watch.told = undefined;
    if (fate === 'sent') watch.breaks = 0;
    watch.isBroken = fate === 'refused';
  }

  /** One timer for all of them. */
  #arm(): void {
    const { clock } = this.#dependencies;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const dueMs = Math.min(...[...this.#watches.values()].map((watch) => watch.dueMs));
    if (dueMs === Infinity) return;
    this.#timer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => this.flush());
  }
}

function listenerOf({ document, replyTopic, correlationData, encoding }: Watcher): Listener {
  return { document, replyTopic, correlationData, encoding };
}

function keyOf({ document, replyTopic, query }: Watcher): string {
  return replyTopic === undefined ? `${document} source ${query.src ?? ''}` : `${document} topic ${replyTopic}`;
}

function isPrivate({ watcher }: Watch): boolean {
  return watcher.replyTopic !== undefined;
}
