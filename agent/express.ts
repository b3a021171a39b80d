import type { Clock } from './clock.ts';
import type { ExpressAcks } from './dispatch/express-acks.ts';
import { ExpressGate } from './dispatch/express-gate.ts';
import type { DispatchLoop } from './dispatch/run.ts';
import type { DocumentTable } from './dispatch/table.ts';
import { clashWaitMs, expressClashCheckMs, expressClashMs } from './express-limits.ts';
import type { Log } from './log.ts';
import type { ExpressOutbox } from './mqtt/express-outbox.ts';
import type { Link, LinkHandlers } from './mqtt/link.ts';
import type { OpenLink } from './uplink.ts';

export interface ExpressParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly table: Pick<DocumentTable, 'emergencyFilters' | 'found'>;
  readonly loop: DispatchLoop;
  readonly outbox: ExpressOutbox;
  readonly acks: ExpressAcks;
}

export type ExpressState = 'none' | 'up' | 'down';

/**
 * The connection of their own that emergency documents have: a flood on the other one does not hold up what comes here.
 * There is none while no document is an emergency one. When the broker refuses it (a client id too many), the main
 * connection carries their commands as well, as it always does for a second time.
 */
export class Express implements AsyncDisposable {
  readonly #parts: ExpressParts;
  readonly #gate: ExpressGate;
  #filters: readonly string[] = [];
  #openLink: OpenLink | undefined;
  #link: Link | undefined;
  #trouble: string | undefined;
  /** An attempt of this link and a while behind it, as long as nothing else went wrong. */
  #trial: { mainLostMs?: number } | undefined;
  /** In a row. */
  #clashes = 0;
  /** Until it is tried again behind one. */
  #pause: Disposable | undefined;
  #isMainUp = false;
  /** The broker lets it in, and not hear what it is for. */
  #isDeaf = false;
  #isLookingSoon = false;
  #isClosed = false;

  constructor(parts: ExpressParts) {
    this.#parts = parts;
    this.#gate = new ExpressGate(parts.clock);
    parts.loop.useGate(this.#gate, parts.acks);
    parts.table.found.onChange(() => this.#lookSoon());
  }

  get state(): ExpressState {
    if (this.#link === undefined) return this.#pause === undefined ? 'none' : 'down';
    return this.#link.isUp && !this.#isDeaf ? 'up' : 'down';
  }

  /** Why it is not up, as far as it is known. */
  get trouble(): string | undefined {
    return this.state === 'down' ? this.#trouble : undefined;
  }

  /** The main connection came up; the first time, this one is opened. */
  mainUp(openLink: OpenLink): void {
    this.#isMainUp = true;
    this.#gate.up('main');
    if (openLink !== this.#openLink) void this.follow(openLink);
  }

  /** The main connection is lost. */
  mainDown(): void {
    this.#isMainUp = false;
    this.#gate.down('main');
    if (this.#trial !== undefined) this.#trial.mainLostMs = this.#parts.clock.monotonicMs();
    this.#judgeSoon();
  }

  /** What the network or the broker took, it took from both: so this one is looked at a moment later. */
  #judgeSoon(): void {
    const { clock } = this.#parts;
    clock.after(expressClashCheckMs, () => {
      const sinceMs = clock.monotonicMs() - (this.#trial?.mainLostMs ?? Number.NEGATIVE_INFINITY);
      if (sinceMs <= expressClashMs && this.#link?.isUp === true) this.#giveWay();
    });
  }

  #endTrialLater(): void {
    const trial = this.#trial;
    this.#parts.clock.after(expressClashMs, () => {
      if (this.#trial !== trial || trial === undefined) return;
      this.#trial = undefined;
      this.#clashes = 0;
    });
  }

  /** The link goes on trying. Where the main connection is there in spite of that, it may end the main one yet. */
  #newTrial(): void {
    this.#trial = undefined;
    this.#parts.clock.after(expressClashCheckMs, () => {
      if (this.#isMainUp && this.#link?.isUp === false) this.#trial = {};
    });
  }

  #giveWay(): void {
    const { log, clock } = this.#parts;
    this.#trial = undefined;
    this.#clashes += 1;
    const waitMs = clashWaitMs(this.#clashes);
    this.#pause = clock.after(waitMs, () => void this.#reopen());
    const why = 'the broker ended the main connection when the one for emergency documents came up';
    this.#trouble = `${why}, ${this.#clashes} times in a row; it waits ${waitMs / 60_000} min before it tries again`;
    log.error({ fix: 'let the broker take client ids as they are', clashes: this.#clashes, waitMs }, why);
    void this.#close();
  }

  /** Goes over to the documents and brokers of the config that runs now, if they are others. */
  async follow(openLink: OpenLink): Promise<void> {
    const filters = this.#parts.table.emergencyFilters;
    const isSame = openLink === this.#openLink && filters.join('\0') === this.#filters.join('\0');
    if (isSame || this.#isClosed) return;
    this.#filters = filters;
    this.#openLink = openLink;
    this.#clashes = 0;
    await this.#reopen();
  }

  /**
   * A device that comes brings its documents one by one, all in one turn of the event loop. For those that go nothing is opened
   * anew: they may come back, and what is heard for them until then is left to the main connection.
   */
  #lookSoon(): void {
    if (this.#isLookingSoon) return;
    this.#isLookingSoon = true;
    setImmediate(() => {
      this.#isLookingSoon = false;
      const isKnown = this.#parts.table.emergencyFilters.every((filter) => this.#filters.includes(filter));
      if (!isKnown && this.#openLink !== undefined) void this.follow(this.#openLink);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#endPause();
    await this.#close();
  }

  async #close(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    const wasUp = link.isUp;
    this.#parts.outbox.down();
    await link[Symbol.asyncDispose]();
    if (wasUp) this.#gate.down('express');
  }

  #endPause(): void {
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
  }

  async #reopen(): Promise<void> {
    this.#endPause();
    await this.#close();
    if (this.#filters.length === 0 || this.#openLink === undefined || this.#isClosed) return;
    if (this.#link !== undefined) return; // Somebody else was here meanwhile.
    const { log, loop, outbox } = this.#parts;
    const handlers: LinkHandlers = {
      onUp: ({ receiveMaximum }) => {
        if (!this.#isDeaf) this.#trouble = undefined;
        outbox.up(link, receiveMaximum);
        this.#gate.up('express');
        this.#judgeSoon();
        this.#endTrialLater();
      },
      onDown: ({ detail }) => {
        this.#trouble = detail;
        this.#isDeaf = false;
        this.#newTrial();
        outbox.down();
        this.#gate.down('express');
        log.warn({ detail }, 'the connection for emergency documents is lost');
      },
      onTrouble: ({ kind, detail }) => {
        this.#trouble = detail;
        this.#isDeaf = kind === 'subscribe';
        if (!this.#isDeaf) this.#newTrial();
        log.warn({ detail }, 'no connection for emergency documents; the main one carries them');
      },
      onMessage: (message) => void loop.receive(message, 'express'),
    };
    this.#trial = {};
    this.#isDeaf = false;
    const subscriptions = this.#filters.map((filter) => ({ filter, qos: 2 as const }));
    const link = this.#openLink({ suffix: '-emergency' }, subscriptions, handlers);
    this.#link = link;
  }
}
