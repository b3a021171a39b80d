import { fail } from '../../drivers/contract/result.ts';
import { type Clock, sleep } from '../clock.ts';
import { connectTimeoutMs, failoverSpreadMs } from '../limits.ts';
import type { Log } from '../log.ts';
import { nextDelayMs, previousDelayMs } from './backoff.ts';
import type { Connection, ConnectionEnd, ConnectionEvents, Dialer, NextAttempt, PublishDone } from './connection.ts';
import type { BrokerReport, InboundMessage, Link, LinkError, LinkHandlers, LinkUp, OutboundMessage } from './link.ts';
import { isAboutLink } from './outgoing.ts';
import { createPendingPublishes } from './pending-publishes.ts';
import { isTopicName } from './topic-filter.ts';

export interface LinkDependencies {
  readonly clock: Clock;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly log: Log;
  /** Which of the connections of this node the log speaks of. */
  readonly clientId?: string;
}

/** A Link over any transport. It ends only by disposal. */
export function openReconnectingLink(dependencies: LinkDependencies, dialer: Dialer, handlers: LinkHandlers): Link {
  return new ReconnectingLink(dependencies, dialer, handlers);
}

class ReconnectingLink implements Link {
  readonly counters = { connects: 0, attempts: 0, messagesIn: 0, messagesOut: 0 };
  readonly #dependencies: LinkDependencies;
  readonly #dialer: Dialer;
  readonly #handlers: LinkHandlers;
  readonly #pending = createPendingPublishes();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #connection: Connection | undefined;
  #isUp = false;
  #isReady: boolean;
  /** What this connection told before the handlers were ready; of messages no more than one slice of a read (sliced-reads.ts). */
  #early: (() => void)[] = [];
  #disposal: Promise<void> | undefined;

  constructor(dependencies: LinkDependencies, dialer: Dialer, handlers: LinkHandlers) {
    this.#dependencies = dependencies;
    this.#dialer = dialer;
    this.#handlers = handlers;
    this.#isReady = handlers.ready === undefined;
    void handlers.ready?.then(() => this.#catchUp());
    this.#running = this.#run();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  brokers(): readonly BrokerReport[] {
    return this.#dialer.brokers();
  }

  publish(message: OutboundMessage, done: PublishDone): void {
    if (this.#isStopping) return done(fail(disposedError));
    const { log } = this.#dependencies;
    const connection = this.#connection;
    if (connection === undefined || !this.#isUp) return done(fail(downError(connection)));
    if (!isTopicName(message.topic)) return done(fail(topicError(connection, message.topic)));
    const settle = this.#pending.add(message.qos, (result) => {
      if (result.ok) this.counters.messagesOut += 1;
      else if (!isAboutLink(result.error)) log.warn({ error: result.error }, 'the broker did not take a message');
      done(result);
    });
    connection.publish(message, settle);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#shutDown();
    return this.#disposal;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Dials, waits for the end, waits out the back-off, dials again: two attempts at once cannot be written here. */
  async #run(): Promise<void> {
    const { clock, random, log } = this.#dependencies;
    let delayMs: number | undefined;
    while (!this.#isStopping) {
      const { end, upMs } = await this.#connectOnce();
      if (this.#isStopping) return;
      const { next = later } = end;
      delayMs = previousDelayMs(delayMs, upMs);
      if (next.when === 'later') delayMs = nextDelayMs(delayMs, random);
      const waitMs = waitBefore(next, delayMs ?? 0, random);
      log.debug({ waitMs: Math.round(waitMs) }, 'waiting before the next attempt to connect');
      if (waitMs > 0) await sleep(clock, waitMs, this.#stopping.signal);
    }
  }

  /** Resolves when the attempt failed, or when the connection that came of it ended; `upMs` is how long it was up. */
  #connectOnce(): Promise<{ end: ConnectionEnd; upMs: number }> {
    const { clock } = this.#dependencies;
    return new Promise((resolve) => {
      let upAtMs = Number.POSITIVE_INFINITY;
      this.counters.attempts += 1;
      const connection = this.#dialer.dial({
        ...this.#events,
        onUp: (up) => {
          deadline[Symbol.dispose]();
          upAtMs = clock.monotonicMs();
          this.#whenReady(connection, () => this.#comeUp(up));
        },
        onMessage: (message) => {
          if (this.#isReady) this.#deliver(message);
          else this.#keepEarly(connection, message);
        },
        onEnd: (end) => {
          deadline[Symbol.dispose]();
          this.#goDown(end);
          resolve({ end, upMs: Math.max(0, clock.monotonicMs() - upAtMs) });
        },
      });
      const deadline = clock.after(connectTimeoutMs, () => connection.abort(timeoutError(connection)));
      this.#connection = connection;
    });
  }

  #deliver(message: InboundMessage): void {
    if (this.#isStopping) return;
    this.counters.messagesIn += 1;
    this.#handlers.onMessage(message);
  }

  #keepEarly(connection: Connection, message: InboundMessage): void {
    const copy = { ...message, payload: Uint8Array.from(message.payload) };
    this.#whenReady(connection, () => this.#deliver(copy));
  }

  #whenReady(connection: Connection, action: () => void): void {
    if (this.#isReady) return action();
    connection.hold();
    this.#early.push(action);
  }

  #catchUp(): void {
    this.#isReady = true;
    for (const action of this.#early.splice(0)) action();
    this.#connection?.release();
  }

  readonly #events: Pick<ConnectionEvents, 'onTrouble'> = {
    onTrouble: (error) => {
      if (this.#isStopping) return;
      const { log, clientId } = this.#dependencies;
      log.warn({ error, clientId }, 'trouble with the broker');
      this.#handlers.onTrouble(error);
    },
  };

  #comeUp(up: LinkUp): void {
    if (this.#isStopping) return;
    this.counters.connects += 1;
    this.#isUp = true;
    this.#pending.open(up.receiveMaximum);
    const { log, clientId } = this.#dependencies;
    log.info({ ...up, clientId }, 'connected to the broker');
    this.#handlers.onUp(up);
  }

  #goDown({ error, next = later }: ConnectionEnd): void {
    const { log, clientId } = this.#dependencies;
    const wasUp = this.#isUp;
    this.#connection = undefined;
    this.#isUp = false;
    this.#early = [];
    this.#pending.failAll({ ...error, kind: 'closed' }); // whatever ended it, the messages are not to blame
    if (this.#isStopping) return;
    if (!wasUp && next.when === 'at-once') return log.info({ error }, 'refused, trying at once in another way');
    if (!wasUp) return this.#events.onTrouble(error);
    log.warn({ error, clientId, next: next.when }, 'connection to the broker ended');
    this.#handlers.onDown(error);
  }

  async #shutDown(): Promise<void> {
    this.#stopping.abort();
    this.#isUp = false;
    this.#pending.failAll(disposedError);
    this.#connection?.close();
    await this.#running;
  }
}

const later: NextAttempt = { when: 'later' };

function waitBefore(next: NextAttempt, delayMs: number, random: () => number): number {
  switch (next.when) {
    case 'later':
      return Math.max(delayMs, next.delayMsMin ?? 0);
    case 'elsewhere':
      return failoverSpreadMs * random();
    case 'at-once':
      return 0;
  }
}

const disposedError: LinkError = { kind: 'closed', detail: 'the link to the broker was closed by this side' };

function downError(connection: Connection | undefined): LinkError {
  const detail =
    connection === undefined ? 'no broker, the next attempt is waiting' : `not connected to ${connection.broker} yet`;
  return { kind: 'down', detail };
}

function timeoutError({ broker, waitingFor }: Connection): LinkError {
  return { kind: 'timeout', detail: `${broker}: no ${waitingFor} within ${connectTimeoutMs} ms of dialling` };
}

function topicError({ broker }: Connection, topic: string): LinkError {
  return { kind: 'protocol', detail: `${broker} would hang up on a publish to ${JSON.stringify(topic)}` };
}
