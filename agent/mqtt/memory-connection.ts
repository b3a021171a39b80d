import { fail, ok } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Connection, ConnectionEvents, PublishDone } from './connection.ts';
import type { LastWill, LinkError, LinkErrorKind, OutboundMessage, Qos, Subscription } from './link.ts';
import type { RoutedMessage, Router, Subscriber } from './memory-router.ts';
import { createLane, type Lane, type Weather } from './memory-weather.ts';
import { isTopicFilter } from './topic-filter.ts';

export const memoryBrokerName = 'memory://broker';

export interface MemoryLinkOptions {
  readonly clientId: string;
  readonly will?: LastWill;
  readonly subscriptions: readonly Subscription[];
}

/** What a connection sees of its broker. */
export interface MemoryHost {
  readonly clock: Clock;
  readonly protocolVersion: 4 | 5;
  readonly router: Router;
  readonly weather: Weather;
  /** It connected; another one of this client id is cut. */
  admit(clientId: string, connection: MemoryConnection): void;
  leave(clientId: string, connection: MemoryConnection): void;
}

/** One connection to the in-process broker, both ends of it. */
export class MemoryConnection implements Connection, Subscriber {
  readonly broker = memoryBrokerName;
  readonly waitingFor = 'CONNACK';
  readonly subscriptions = new Map<string, Qos>();
  readonly #host: MemoryHost;
  readonly #options: MemoryLinkOptions;
  readonly #events: ConnectionEvents;
  readonly #toBroker: Lane;
  readonly #toClient: Lane;
  /** Acknowledgements kept back; not more than the link's send window. */
  readonly #heldAcks: (() => void)[] = [];
  #state: 'connecting' | 'admitted' | 'ended' = 'connecting';

  constructor(host: MemoryHost, options: MemoryLinkOptions, events: ConnectionEvents) {
    this.#host = host;
    this.#options = options;
    this.#events = events;
    const latencyMs = () => host.weather.latencyMs;
    this.#toBroker = createLane(host.clock, latencyMs);
    this.#toClient = createLane(host.clock, latencyMs);
    this.#toBroker.carry(() => this.#knock());
  }

  publish(message: OutboundMessage, done: PublishDone): void {
    const { topic, payload, qos, retain, properties = {} } = message;
    const routed = { topic, payload: new Uint8Array(payload), qos, properties: this.#keepProperties(properties) };
    this.#toBroker.carry(() => {
      if (this.#state !== 'admitted') return;
      const wasTaken = this.#host.router.route(routed, retain);
      const acknowledge = () => this.#toClient.carry(() => done(wasTaken ? ok() : fail(fullError(topic))));
      if (qos > 0 && this.#host.weather.holdsAcks) this.#heldAcks.push(acknowledge);
      else acknowledge();
    });
  }

  /** Whoever dialled has memory for what comes: this broker is not held back. */
  hold(): void {}

  release(): void {}

  deliver(message: RoutedMessage, retain: boolean): void {
    this.#carryMessage(message, retain, false);
    // Within one connection a receiver knows what it has of QoS 2.
    if (this.#host.weather.duplicates && message.qos === 1) this.#carryMessage(message, retain, true);
  }

  releaseAcks(): void {
    for (const acknowledge of this.#heldAcks.splice(0)) acknowledge();
  }

  close(): void {
    if (this.#state === 'connecting') return this.abort(endError('closed', 'closed by this side'));
    this.#toBroker.carry(() => {
      this.#leave();
      this.#end(endError('closed', 'closed by this side'));
    });
  }

  /** Also how the broker cuts it: nobody said goodbye, so the last will is published. */
  abort(error: LinkError): void {
    const wasAdmitted = this.#state === 'admitted';
    this.#leave();
    this.#end(error);
    const { will } = this.#options;
    if (!wasAdmitted || will === undefined) return;
    const { topic, payload, qos, retain } = will;
    this.#host.router.route({ topic, payload: new Uint8Array(payload), qos, properties: {} }, retain);
  }

  #knock(): void {
    const { weather, router } = this.#host;
    if (this.#state !== 'connecting' || weather.ignoresConnects) return;
    if (weather.refusesConnects) {
      return this.#toClient.carry(() => this.#end(endError('refused', 'connects are refused')));
    }
    this.#state = 'admitted';
    this.#host.admit(this.#options.clientId, this);
    for (const subscription of this.#options.subscriptions) this.#subscribe(subscription);
    router.subscribers.add(this);
    if (weather.retainedFirst) this.#hearRetained();
    this.#toClient.carry(() => this.#comeUp());
    if (!weather.retainedFirst) this.#hearRetained();
  }

  #hearRetained(): void {
    for (const [filter, qos] of this.subscriptions) this.#host.router.tellRetained(this, filter, qos);
  }

  #subscribe({ filter, qos }: Subscription): void {
    if (isTopicFilter(filter)) return void this.subscriptions.set(filter, qos);
    const error = endError('subscribe', `refused the subscription to ${JSON.stringify(filter)}`);
    this.#toClient.carry(() => this.#state === 'admitted' && this.#events.onTrouble(error));
  }

  #comeUp(): void {
    if (this.#state !== 'admitted') return;
    this.#events.onUp({ broker: this.broker, protocolVersion: this.#host.protocolVersion, receiveMaximum: 65_535 });
  }

  #carryMessage({ received, ...message }: RoutedMessage, retain: boolean, duplicate: boolean): void {
    const told = () => this.#toBroker.carry(() => (this.#state === 'admitted' ? received?.() : undefined));
    const kept = message.qos === 2 ? { kept: told } : {};
    if (this.#toClient.isFull) return; // Dropped, as mosquitto does beyond max_queued_messages.
    this.#toClient.carry(() => {
      if (this.#state !== 'admitted') return;
      const payload = new Uint8Array(message.payload);
      this.#events.onMessage({ ...message, payload, retain, duplicate, ...kept });
      payload.fill(0xdb); // Valid only during the call: who kept it shall see it.
    });
  }

  #keepProperties(properties: RoutedMessage['properties']): RoutedMessage['properties'] {
    return this.#host.protocolVersion === 5 ? properties : {};
  }

  #leave(): void {
    this.#host.router.subscribers.delete(this);
    this.#host.leave(this.#options.clientId, this);
  }

  #end(error: LinkError): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#events.onEnd({ error });
  }
}

export function endError(kind: LinkErrorKind, what: string): LinkError {
  return { kind, detail: `${memoryBrokerName}: ${what}` };
}

function fullError(topic: string): LinkError {
  return endError('protocol', `no room to retain another topic: ${topic}`);
}
