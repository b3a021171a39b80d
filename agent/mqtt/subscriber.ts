import type { MqttClient } from 'mqtt';
import { subscribeFiltersMax } from './limits.ts';
import type { Qos, Subscription } from './link.ts';
import { isTopicFilter } from './topic-filter.ts';

export interface SubscriberEvents {
  refused(filter: string, code: number): void;
  /** Each was granted or refused. */
  ended(): void;
  failed(cause: unknown): void;
}

/**
 * Asks for the subscriptions of one connection, so many at a time and with no more than the QoS the broker takes: AWS IoT
 * hangs up on more than eight in one SUBSCRIBE, and answers none with QoS 2.
 */
export class Subscriber {
  readonly #client: Pick<MqttClient, 'subscribe'>;
  readonly #events: SubscriberEvents;
  #waiting: readonly Subscription[] = [];
  #qosMax: Qos = 2;
  #asked: readonly string[] = [];

  constructor(client: Pick<MqttClient, 'subscribe'>, events: SubscriberEvents) {
    this.#client = client;
    this.#events = events;
  }

  /** After CONNACK. */
  start(subscriptions: readonly Subscription[], qosMax: Qos): void {
    this.#qosMax = qosMax;
    this.#waiting = subscriptions.filter(({ filter }) => isTopicFilter(filter));
    for (const { filter } of subscriptions) {
      if (!isTopicFilter(filter)) this.#events.refused(filter, 0x8f); // For one bad filter MQTT.js would not ask for any.
    }
    this.#askNext();
  }

  /** The codes of a SUBACK. */
  take(codes: readonly number[]): void {
    if (this.#asked.length === 0 || codes.length !== this.#asked.length) return; // MQTT.js makes an `error` of it.
    for (const [index, filter] of this.#asked.entries()) {
      const code = codes[index] ?? 0;
      if (code >= 0x80) this.#events.refused(filter, code);
    }
    this.#askNext();
  }

  #askNext(): void {
    const next = this.#waiting.slice(0, subscribeFiltersMax);
    this.#waiting = this.#waiting.slice(subscribeFiltersMax);
    const wanted: Record<string, { qos: Qos }> = {};
    for (const { filter, qos } of next) wanted[filter] = { qos: qos > this.#qosMax ? this.#qosMax : qos };
    this.#asked = Object.keys(wanted); // the order in which MQTT.js asks
    if (this.#asked.length === 0) return this.#events.ended();
    // SUBACK itself is taken by `take`: this callback comes later, when what was sent behind it is delivered already.
    this.#client.subscribe(wanted, (cause, _asked, suback) => {
      if (suback === undefined) this.#events.failed(cause);
    });
  }
}
