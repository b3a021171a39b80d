import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { deltaOf } from '../documents/delta-of.ts';
import type { DocumentStates } from '../documents/states.ts';
import { httpClientLeaseMs, httpClientsMax, httpStreamPingMs, httpStreamStallMsMax, httpTopicsMax } from '../limits.ts';
import type { Event, Message, Snapshot, Value } from '../qn/message.ts';

/** The way to one reader. After `send` returned false nothing is sent until `LocalClients.drained` is called. */
export interface LocalStream {
  send(event: 'snapshot' | 'delta' | 'event', document: string, message: Message): boolean;
  /** Events that were not sent because the reader was slow or away. */
  sendGap(eventsLostCount: number): boolean;
  ping(): void;
  close(): void;
}

export type LocalRefusal = 'no-value' | 'too-many-clients' | 'too-many-topics' | 'no-client';

export interface LocalStats {
  readonly clients: number;
  readonly streams: number;
  /** How often a reader was so slow that changes were folded, since start. */
  readonly slow: number;
  readonly eventsLost: number;
}

interface Client {
  /** What it has of each document; undefined: it is told the Snapshot. At most httpTopicsMax. */
  readonly told: Map<string, { readonly version: number; readonly value: Value } | undefined>;
  stream: LocalStream | undefined;
  isSlow: boolean;
  eventsLostCount: number;
  /** Without stream: when it is forgotten. With: the next ping, or the end of our patience. */
  dueMs: number;
}

export interface LocalDependencies {
  readonly clock: Clock;
  readonly states: Pick<DocumentStates, 'snapshot'>;
}

/**
 * The applications of this machine and what they subscribed to (QN-5.4). Nothing is queued for them: what a slow or absent
 * reader misses is folded into a Snapshot, events are counted. At most httpClientsMax; over it: refuse.
 */
export class LocalClients implements Disposable {
  readonly #dependencies: LocalDependencies;
  readonly #clients = new Map<string, Client>();
  readonly #counts = { slow: 0, eventsLost: 0 };
  #timer: Disposable | undefined;

  constructor(dependencies: LocalDependencies) {
    this.#dependencies = dependencies;
  }

  /** A client that is not known becomes one. */
  subscribe(name: string, document: string): Result<Snapshot, LocalRefusal> {
    const snapshot = this.#dependencies.states.snapshot(document);
    if (snapshot === undefined) return fail('no-value');
    const known = this.#clients.get(name);
    if (known === undefined && this.#clients.size >= httpClientsMax) return fail('too-many-clients');
    const client = known ?? { told: new Map(), stream: undefined, isSlow: false, eventsLostCount: 0, dueMs: 0 };
    if (!client.told.has(document) && client.told.size >= httpTopicsMax) return fail('too-many-topics');
    this.#clients.set(name, client);
    client.told.set(document, { version: snapshot.ver ?? 0, value: snapshot.val });
    this.#touch(client);
    return ok(snapshot);
  }

  /** Without a document the client is forgotten. False: there is no such client. */
  unsubscribe(name: string, document?: string): boolean {
    const client = this.#clients.get(name);
    if (client === undefined) return false;
    if (document === undefined) {
      this.#forget(name, client);
      this.#arm();
    } else {
      client.told.delete(document);
      this.#touch(client);
    }
    return true;
  }

  isKnown(name: string): boolean {
    return this.#clients.has(name);
  }

  /** Begins with the Snapshot of everything; a stream that was open before is closed, and this one if nobody is known. */
  open(name: string, stream: LocalStream): void {
    const client = this.#clients.get(name);
    if (client === undefined) return stream.close();
    client.stream?.close();
    client.stream = stream;
    client.isSlow = false;
    for (const document of client.told.keys()) client.told.set(document, undefined);
    this.#touch(client);
    this.#pump(client);
  }

  /** The reader took what it was sent. */
  drained(name: string, stream: LocalStream): void {
    const client = this.#clients.get(name);
    if (client?.stream !== stream) return;
    client.isSlow = false;
    this.#touch(client);
    this.#pump(client);
  }

  /** The reader is gone; it has its lease to come back. */
  closed(name: string, stream: LocalStream): void {
    const client = this.#clients.get(name);
    if (client?.stream !== stream) return;
    client.stream = undefined;
    client.isSlow = false;
    this.#touch(client);
  }

  changed(document: string): void {
    for (const client of this.#clients.values()) {
      if (!client.told.has(document)) continue;
      if (client.isSlow) client.told.set(document, undefined);
      else this.#pump(client);
    }
  }

  happened(document: string, event: Event): void {
    for (const client of this.#clients.values()) {
      if (!client.told.has(document)) continue;
      if (client.stream === undefined || client.isSlow) this.#lose(client);
      else this.#note(client, client.stream.send('event', document, event));
    }
  }

  stats(): LocalStats {
    const streams = [...this.#clients.values()].filter(({ stream }) => stream !== undefined).length;
    return { clients: this.#clients.size, streams, ...this.#counts };
  }

  [Symbol.dispose](): void {
    for (const [name, client] of this.#clients) this.#forget(name, client);
    this.#arm();
  }

  /** Tells what the client does not have, until it is slow. */
  #pump(client: Client): void {
    const { stream, told } = client;
    if (stream === undefined || client.isSlow) return;
    if (client.eventsLostCount > 0) {
      this.#note(client, stream.sendGap(client.eventsLostCount));
      client.eventsLostCount = 0;
    }
    for (const [document, has] of told) {
      const snapshot = this.#dependencies.states.snapshot(document);
      if (client.isSlow) return;
      if (snapshot === undefined || has?.version === snapshot.ver) continue;
      const message = (has === undefined ? undefined : deltaOf(has, snapshot)) ?? snapshot;
      told.set(document, { version: snapshot.ver ?? 0, value: snapshot.val });
      this.#note(client, stream.send(message.t, document, message));
    }
  }

  #note(client: Client, isTaken: boolean): void {
    if (isTaken || client.isSlow) return;
    client.isSlow = true;
    this.#counts.slow += 1;
    this.#touch(client);
  }

  #lose(client: Client): void {
    client.eventsLostCount += 1;
    this.#counts.eventsLost += 1;
  }

  #forget(name: string, client: Client): void {
    this.#clients.delete(name);
    client.stream?.close();
    client.stream = undefined;
  }

  #touch(client: Client): void {
    const waitMs = client.isSlow ? httpStreamStallMsMax : httpStreamPingMs;
    client.dueMs = this.#dependencies.clock.monotonicMs() + (client.stream === undefined ? httpClientLeaseMs : waitMs);
    this.#arm();
  }

  #tick(): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const [name, client] of this.#clients) {
      if (nowMs < client.dueMs) continue;
      if (client.stream === undefined) this.#forget(name, client);
      else if (client.isSlow) this.#cut(name, client, client.stream);
      else {
        client.stream.ping();
        this.#touch(client);
      }
    }
    this.#arm();
  }

  #cut(name: string, client: Client, stream: LocalStream): void {
    this.closed(name, stream);
    stream.close();
    for (const document of client.told.keys()) client.told.set(document, undefined);
  }

  /** One timer for all of them. */
  #arm(): void {
    const { clock } = this.#dependencies;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const dueMs = Math.min(...[...this.#clients.values()].map((client) => client.dueMs));
    if (dueMs === Infinity) return;
    this.#timer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => this.#tick());
  }
}
