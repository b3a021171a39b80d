import { memoryBrokerRetainedCountMax } from '../limits.ts';
import type { MessageProperties, Qos } from './link.ts';
import { matchesFilter } from './topic-filter.ts';

/** A message inside the in-process broker. The payload is the broker's own copy and never changes. */
export interface RoutedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly properties: MessageProperties;
  /** QoS 2: a receiver says that it cannot be lost any more. */
  readonly received?: () => void;
}

export interface Subscriber {
  readonly subscriptions: ReadonlyMap<string, Qos>;
  deliver(message: RoutedMessage, retain: boolean): void;
}

/** Who gets what: subscriptions, and the retained message of each topic. Synchronous; weather is made elsewhere. */
export interface Router {
  readonly subscribers: Set<Subscriber>;
  /** False when it was to be retained and there is no room; nobody gets it then. */
  route(message: RoutedMessage, retain: boolean): boolean;
  /** Tells a new subscription what is retained. */
  tellRetained(subscriber: Subscriber, filter: string, qos: Qos): void;
  /** Nothing is retained any more. */
  forgetRetained(): void;
}

export function createRouter(): Router {
  const subscribers = new Set<Subscriber>();
  const retained = new Map<string, RoutedMessage>();

  function keep(message: RoutedMessage): boolean {
    if (message.payload.byteLength === 0) retained.delete(message.topic);
    else if (!retained.has(message.topic) && retained.size >= memoryBrokerRetainedCountMax) return false;
    else retained.set(message.topic, message);
    return true;
  }

  return {
    subscribers,
    route(message, retain) {
      if (retain && !keep(message)) return false;
      for (const subscriber of subscribers) {
        const qos = grantedQos(subscriber, message.topic);
        if (qos !== undefined) subscriber.deliver(atMost(message, qos), false);
      }
      return true;
    },
    tellRetained(subscriber, filter, qos) {
      for (const message of retained.values()) {
        if (matchesFilter(filter, message.topic)) subscriber.deliver(atMost(message, qos), true);
      }
    },
    forgetRetained: () => retained.clear(),
  };
}

/** Overlapping subscriptions give one message, with the highest of their QoS. */
function grantedQos({ subscriptions }: Subscriber, topic: string): Qos | undefined {
  let granted: Qos | undefined;
  for (const [filter, qos] of subscriptions) {
    if (matchesFilter(filter, topic) && (granted === undefined || qos > granted)) granted = qos;
  }
  return granted;
}

function atMost(message: RoutedMessage, qos: Qos): RoutedMessage {
  return message.qos > qos ? { ...message, qos } : message;
}
