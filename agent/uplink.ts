import { type Clock, sleep } from './clock.ts';
import type { Environment } from './environment.ts';
import { sayGoodbye } from './farewell.ts';
import type { Log } from './log.ts';
import type { InboundMessage, LastWill, Link, LinkCounters, LinkHandlers, LinkUp } from './mqtt/link.ts';
import { RetainedCheck } from './mqtt/retained-check.ts';
import { deafMsMin, earlyLinkMsMax, lateWillMs } from './uplink-limits.ts';

export type OpenLink = Environment['openLink'];

export interface UplinkEvents {
  onUp(link: Link, up: LinkUp): void;
  onDown(): void;
  /** `isOwn`: what this node said of its health came back. */
  onMessage(message: InboundMessage, isOwn: boolean): void;
  /** The broker came back without what it had retained for us. */
  onRetainedLost(broker: string): void;
  /** The last will of a connection before this one: a broker noticed its end late, and tells that the node is offline. */
  onLateWill(): void;
}

export interface UplinkDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly will: LastWill;
  /** Stands in every report of this life. */
  readonly boot: bigint;
}

const noCounters: LinkCounters = { connects: 0, attempts: 0, messagesIn: 0, messagesOut: 0 };

/** The way to the brokers: one link at a time, which can be exchanged for one with other settings. */
export class Uplink {
  readonly #dependencies: UplinkDependencies;
  #events: UplinkEvents = { onUp() {}, onDown() {}, onMessage() {}, onRetainedLost() {}, onLateWill() {} };
  readonly #starting = Promise.withResolvers<void>();
  readonly #retained: RetainedCheck;
  #filters: readonly string[];
  #openLink: OpenLink;
  #link: Link;
  #broker = '';
  #isUp = false;
  #receiveMaximum = 0;
  #lastTrouble: string | undefined;
  #refused: string[] = []; // One for each filter at most.
  #heard: () => void = () => {};
  /** Since when this connection has brought nothing of what this node says of its health. */
  #unheardMs = Infinity;
  #before = noCounters;
  /** What is to be said by this link is said: its own last word comes back as well. */
  #isLeaving = false;
  #lateWill: Disposable | undefined;
  /** Undefined: the first link was given up. */
  #patience: Disposable | undefined;

  /**
   * Connects at once, and subscribes; what is sent from then on waits at the broker until `start`. After earlyLinkMsMax the
   * broker is left until then: nothing is read meanwhile, so a broker that is well looks dead, and what waits grows old.
   */
  constructor(dependencies: UplinkDependencies, openLink: OpenLink, filters: readonly string[]) {
    const { clock, will, boot } = dependencies;
    this.#dependencies = dependencies;
    this.#retained = new RetainedCheck(clock, { topic: will.topic, boot }, (broker) =>
      this.#events.onRetainedLost(broker),
    );
    this.#filters = filters;
    this.#openLink = openLink;
    this.#link = this.#open();
    this.#patience = clock.after(earlyLinkMsMax, () => {
      this.#patience = undefined;
      void this.#link[Symbol.asyncDispose]();
    });
  }

  /** Once. What came meanwhile is told in the next turn of the event loop. */
  start(events: UplinkEvents): void {
    this.#events = events;
    if (this.#patience === undefined) this.#reopen();
    this.#patience?.[Symbol.dispose]();
    setImmediate(this.#starting.resolve);
  }

  /** How the link of now was opened. */
  get openLink(): OpenLink {
    return this.#openLink;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** The broker in use, or the last one. */
  get broker(): string {
    return this.#broker;
  }

  get retainedLostCount(): number {
    return this.#retained.lostCount;
  }

  get twin(): string | undefined {
    return this.#retained.twin;
  }

  /** Why there is no connection, as far as the link of now said. */
  get lastTrouble(): string | undefined {
    return this.#lastTrouble;
  }

  /** What the broker does not let this node hear. Some grant each subscription, and leave out what may not be read. */
  get refused(): readonly string[] {
    const { clock, will } = this.#dependencies;
    const isDeaf = this.#isUp && this.#refused.length === 0 && clock.monotonicMs() - this.#unheardMs >= deafMsMin;
    if (!isDeaf || this.brokers().some(({ unsaid }) => unsaid !== undefined)) return this.#refused;
    return [`${this.#broker} does not bring this node what it publishes on "${will.topic}"`];
  }

  /** True as soon as what this node says of its health comes back: that proves the way to the broker and back. */
  async heardWithin(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const wait = new AbortController();
    let isHeard = false;
    this.#heard = () => {
      isHeard = true;
      wait.abort();
    };
    await sleep(this.#dependencies.clock, timeoutMs, AbortSignal.any([wait.signal, signal]));
    this.#heard = () => {};
    return isHeard;
  }

  /** Of all links there were. */
  get counters(): LinkCounters {
    return sumOf(this.#before, this.#link.counters);
  }

  brokers(): ReturnType<Link['brokers']> {
    return this.#link.brokers();
  }

  /**
   * Ends this link and opens another one. `isFarewell`: the board moves to other brokers, so those of now are told that
   * it is gone.
   */
  async exchange(openLink: OpenLink, filters: readonly string[], isFarewell: boolean): Promise<void> {
    if (this.#isUp && isFarewell) await this.sayGoodbye(true);
    await this.#link[Symbol.asyncDispose]();
    if (this.#isUp) this.#goDown();
    this.#filters = filters;
    this.#openLink = openLink;
    this.#reopen();
  }

  /**
   * `isAnswering` false: the broker acknowledges nothing, and takes no more of QoS 1. Neither does one that takes one at a
   * time, of which the outbox leaves none free. QoS 0 is outside its window.
   */
  async sayGoodbye(isAnswering: boolean): Promise<void> {
    this.#isLeaving = true;
    const { will, clock } = this.#dependencies;
    const hasRoom = isAnswering && this.#receiveMaximum > 1;
    await sayGoodbye(this.#link, hasRoom ? will : { ...will, qos: 0 }, clock);
  }

  /** After the goodbye, if there is to be one. */
  async close(): Promise<void> {
    this.#retained[Symbol.dispose]();
    this.#lateWill?.[Symbol.dispose]();
    await this.#link[Symbol.asyncDispose]();
  }

  /** The link before was disposed of. */
  #reopen(): void {
    this.#before = this.counters;
    this.#link = this.#open();
  }

  #open(): Link {
    this.#lastTrouble = undefined;
    this.#refused = [];
    this.#isLeaving = false;
    const { log, will } = this.#dependencies;
    const handlers: LinkHandlers = {
      ready: this.#starting.promise,
      onUp: (up) => {
        this.#isUp = true;
        this.#broker = up.broker;
        this.#receiveMaximum = up.receiveMaximum;
        this.#unheardMs = this.#dependencies.clock.monotonicMs();
        this.#retained.up(up.broker);
        this.#events.onUp(link, up);
      },
      onDown: ({ kind, detail }) => {
        this.#goDown();
        this.#refused = [];
        this.#lastTrouble = detail;
        log.warn({ kind, detail }, 'connection lost');
      },
      onTrouble: ({ kind, detail }) => {
        this.#lastTrouble = detail;
        this.#refused = kind === 'subscribe' ? [...this.#refused, detail] : [];
        log.warn({ kind, detail }, 'cannot connect yet');
      },
      onMessage: (message) => this.#receive(message),
    };
    const subscriptions = [...new Set([...this.#filters, this.#retained.topic])];
    const link = this.#openLink(
      { suffix: '', will },
      subscriptions.map((filter) => ({ filter, qos: 2 as const })),
      handlers,
    );
    return link;
  }

  #receive(message: InboundMessage): void {
    const isOwn = this.#retained.hear(message);
    if (isOwn && !message.retain) this.#hearOwnWill(message.payload);
    if (isOwn && !message.retain && this.#retained.isOfThisLife(message.payload)) {
      this.#unheardMs = Infinity;
      this.#heard();
    }
    this.#events.onMessage(message, isOwn);
  }

  #hearOwnWill(payload: Uint8Array): void {
    const { clock, will } = this.#dependencies;
    if (!this.#isUp || Buffer.compare(payload, will.payload) !== 0) return;
    this.#lateWill ??= clock.after(lateWillMs, () => {
      this.#lateWill = undefined;
      if (this.#isUp && !this.#isLeaving) this.#events.onLateWill();
    });
  }

  #goDown(): void {
    this.#isUp = false;
    this.#retained.down();
    this.#events.onDown();
  }
}

function sumOf(left: LinkCounters, right: LinkCounters): LinkCounters {
  return {
    connects: left.connects + right.connects,
    attempts: left.attempts + right.attempts,
    messagesIn: left.messagesIn + right.messagesIn,
    messagesOut: left.messagesOut + right.messagesOut,
  };
}
