import { type Clock, systemClock } from '../clock.ts';
import { memoryClientArrivedCountMax } from '../limits.ts';
import { type Log, silentLog } from '../log.ts';
import type { Dialer } from './connection.ts';
import type { Link, LinkHandlers, MessageProperties, Qos } from './link.ts';
import {
  endError,
  MemoryConnection,
  type MemoryHost,
  type MemoryLinkOptions,
  memoryBrokerName,
} from './memory-connection.ts';
import { createRouter, type RoutedMessage, type Router, type Subscriber } from './memory-router.ts';
import { fairWeather, type Weather } from './memory-weather.ts';
import { openReconnectingLink } from './reconnecting-link.ts';

export interface MemoryBrokerOptions {
  readonly clock?: Clock;
  /** 0 ≤ x < 1; only for the back-off of the links. Default: always 0, so waits are the shortest and the same. */
  readonly random?: () => number;
  readonly log?: Log;
  /** On 3.1.1 (4) there are no message properties. */
  readonly protocolVersion?: 4 | 5;
}

/**
 * A broker inside the process, for tests, simulations and the demo. The same events in the same order give the same
 * run. With latency 0 everything arrives a microtask later, else when the clock says so.
 *
 * Not promised: persistence, sessions that outlive a connection, and real QoS 2: a link publishes it like QoS 1, and hears it
 * once in a connection, as a broker does that has it in its hands until `kept`.
 */
export interface MemoryBroker {
  openLink(options: MemoryLinkOptions, handlers: LinkHandlers): Link;
  /** An ordinary client that is always connected and knows no weather. */
  client(onMessage?: (message: ArrivedMessage) => void): MemoryClient;
  readonly weather: Weather;
  /** Changes the given knobs only. */
  setWeather(change: Partial<Weather>): void;
  /** Cuts the connection of this client, or all, without goodbye: last wills are published. */
  drop(clientId?: string): void;
  /** Loses what it retained, as a broker does that restarts without its disk. */
  forgetRetained(): void;
  /** Accepted connects since the start. */
  readonly connectsCount: number;
  readonly connectedIds: readonly string[];
}

export interface ArrivedMessage extends RoutedMessage {
  readonly retain: boolean;
}

export interface MemoryClient {
  /** Oldest first; the last memoryClientArrivedCountMax. */
  readonly arrived: readonly ArrivedMessage[];
  publish(topic: string, payload: string | Uint8Array, options?: MemoryPublishOptions): void;
  subscribe(filter: string, qos?: Qos): void;
}

export interface MemoryPublishOptions {
  readonly qos?: Qos;
  readonly retain?: boolean;
  readonly properties?: MessageProperties;
  /** QoS 2: called when the receiver says that it cannot be lost any more; no broker tells that its publishers. */
  readonly received?: () => void;
}

export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const { clock = systemClock, random = () => 0, log = silentLog, protocolVersion = 5 } = options;
  const router = createRouter();
  const connections = new Map<string, MemoryConnection>();
  let weather = fairWeather;
  let connectsCount = 0;

  const host: MemoryHost = {
    clock,
    protocolVersion,
    router,
    get weather() {
      return weather;
    },
    admit(clientId, connection) {
      connections.get(clientId)?.abort(endError('closed', `another client took the id ${clientId}`));
      connections.set(clientId, connection);
      connectsCount += 1;
    },
    leave(clientId, connection) {
      if (connections.get(clientId) === connection) connections.delete(clientId);
    },
  };

  return {
    openLink(linkOptions, handlers) {
      const dialer: Dialer = {
        dial: (events) => new MemoryConnection(host, linkOptions, events),
        brokers() {
          const state = connections.has(linkOptions.clientId) ? 'in-use' : 'usable';
          return [{ url: memoryBrokerName, state, score: 1, reconnects: Math.max(0, link.counters.connects - 1) }];
        },
      };
      const link = openReconnectingLink({ clock, random, log }, dialer, handlers);
      return link;
    },
    client: (onMessage) => createClient(router, onMessage),
    get weather() {
      return weather;
    },
    setWeather(change) {
      weather = { ...weather, ...change };
      if (!weather.holdsAcks) for (const connection of connections.values()) connection.releaseAcks();
    },
    drop(clientId) {
      const chosen = [...connections].filter(([id]) => clientId === undefined || id === clientId);
      for (const [, connection] of chosen) connection.abort(endError('closed', 'the connection was cut'));
    },
    forgetRetained: () => router.forgetRetained(),
    get connectsCount() {
      return connectsCount;
    },
    get connectedIds() {
      return [...connections.keys()];
    },
  };
}

function createClient(router: Router, onMessage?: (message: ArrivedMessage) => void): MemoryClient {
  const arrived: ArrivedMessage[] = [];
  const subscriptions = new Map<string, Qos>();
  const subscriber: Subscriber = {
    subscriptions,
    deliver(message, retain) {
      const copy = { ...message, payload: new Uint8Array(message.payload), retain };
      arrived.push(copy);
      if (arrived.length > memoryClientArrivedCountMax) arrived.shift();
      onMessage?.(copy);
    },
  };
  return {
    arrived,
    publish(topic, payload, { qos = 1, retain = false, properties = {}, received } = {}) {
      const bytes = new Uint8Array(typeof payload === 'string' ? Buffer.from(payload) : payload);
      router.route({ topic, payload: bytes, qos, properties, ...(received && { received }) }, retain);
    },
    subscribe(filter, qos = 1) {
      subscriptions.set(filter, qos);
      router.subscribers.add(subscriber);
      router.tellRetained(subscriber, filter, qos);
    },
  };
}
