import type { Clock } from './clock.ts';
import type { ExpressAcks } from './dispatch/express-acks.ts';
import { ExpressGate } from './dispatch/express-gate.ts';
import type { DispatchLoop } from './dispatch/run.ts';
import type { DocumentTable } from './dispatch/table.ts';
import { expressClashCheckMs, expressClashMs } from './express-limits.ts';
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
  /** The first attempt of this link and a while behind it, as long as nothing else went wrong. */
  #trial: { isMainLost: boolean } | undefined;
  #isLookingSoon = false;
  #isClosed = false;

  constructor(parts: ExpressParts) {
    this.#parts = parts;
    this.#gate = new ExpressGate(parts.clock);
    parts.loop.useGate(this.#gate);
    parts.table.found.onChange(() => this.#lookSoon());
  }

  get state(): ExpressState {
    if (this.#link === undefined) return 'none';
    return this.#link.isUp ? 'up' : 'down';
  }

  /** Why it is not up, as far as it is known. */
  get trouble(): string | undefined {
    return this.state === 'down' ? this.#trouble : undefined;
  }

  /** The main connection came up; the first time, this one is opened. */
  mainUp(openLink: OpenLink): void {
    this.#gate.up('main');
    if (openLink !== this.#openLink) void this.follow(openLink);
  }

  /** The main connection is lost. */
  mainDown(): void {
    this.#gate.down('main');
    if (this.#trial !== undefined) this.#trial.isMainLost = true;
    this.#judgeSoon();
  }

  /** What the network or the broker took, it took from both: so this one is looked at a moment later. */
  #judgeSoon(): void {
    this.#parts.clock.after(expressClashCheckMs, () => {
      if (this.#trial?.isMainLost === true && this.state === 'up') this.#giveWay();
    });
  }

  #endTrialLater(): void {
    const trial = this.#trial;
    this.#parts.clock.after(expressClashMs, () => {
      if (this.#trial === trial) this.#trial = undefined;
    });
  }

  #giveWay(): void {
    const { log } = this.#parts;
    const why = 'the broker ended the main connection when the one for emergency documents came up, so they have none';
    log.error({ fix: 'let the broker take client ids as they are' }, why);
    void this.#close();
  }

  /** Goes over to the documents and brokers of the config that runs now, if they are others. */
  async follow(openLink: OpenLink): Promise<void> {
    const filters = this.#parts.table.emergencyFilters;
    const isSame = openLink === this.#openLink && filters.join('\0') === this.#filters.join('\0');
    if (isSame || this.#isClosed) return;
    this.#filters = filters;
    this.#openLink = openLink;
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

  async #reopen(): Promise<void> {
    await this.#close();
    if (this.#filters.length === 0 || this.#openLink === undefined || this.#isClosed) return;
    if (this.#link !== undefined) return; // Somebody else was here meanwhile.
    const { log, loop, outbox, acks } = this.#parts;
    const handlers: LinkHandlers = {
      onUp: ({ receiveMaximum }) => {
        this.#trouble = undefined;
        outbox.up(link, receiveMaximum);
        this.#gate.up('express');
        this.#judgeSoon();
        this.#endTrialLater();
      },
      onDown: ({ detail }) => {
        this.#trouble = detail;
        this.#trial = undefined;
        outbox.down();
        this.#gate.down('express');
        log.warn({ detail }, 'the connection for emergency documents is lost');
      },
      onTrouble: ({ detail }) => {
        this.#trouble = detail;
        this.#trial = undefined;
        log.warn({ detail }, 'no connection for emergency documents; the main one carries them');
      },
      onMessage: (message) => acks.after(() => loop.receive(message, 'express')),
    };
    this.#trial = { isMainLost: false };
    const subscriptions = this.#filters.map((filter) => ({ filter, qos: 2 as const }));
    const link = this.#openLink({ suffix: '-emergency' }, subscriptions, handlers);
    this.#link = link;
  }
}
