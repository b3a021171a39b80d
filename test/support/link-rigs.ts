import { systemClock } from '../../agent/clock.ts';
import { silentLog } from '../../agent/log.ts';
import type { BrokerEndpoint } from '../../agent/mqtt/broker-endpoint.ts';
import type { Link } from '../../agent/mqtt/link.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { type MqttLinkOptions, openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import type { LinkRig, RigMessage } from '../contract/link.stage.ts';
import { createArrivals } from './arrivals.ts';
import { type LinkRecorder, recordLink } from './link-recorder.ts';
import { collect, publishOnce } from './mqtt-client.ts';
import { openWeatherProxy, type Weather } from './weather-proxy.ts';

/** The shortest back-off each time. */
export const linkDependencies = { clock: systemClock, random: () => 0, log: silentLog };

/** A broker on the loopback. */
export function on(port: number, more: Partial<BrokerEndpoint> = {}): BrokerEndpoint {
  return { protocol: 'mqtt', host: '127.0.0.1', port, weight: 1, ...more };
}

/** A link as a board has it, and what it told. */
export function openRecorded(
  brokers: readonly BrokerEndpoint[],
  more: Partial<MqttLinkOptions> = {},
  dependencies = linkDependencies,
): { readonly link: Link; readonly told: LinkRecorder } {
  const told = recordLink();
  const will = { topic: 'status', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
  const subscriptions = [{ filter: 'in/#', qos: 1 }] as const;
  const options = { brokers, clientId: 'board', will, subscriptions, keepaliveSeconds: 30, ...more };
  return { link: openMqttLink(dependencies, options, told.handlers), told };
}

export interface RealBroker extends AsyncDisposable {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Over a wire that can be cut, to a broker in its own process or on its own socket. */
export async function openMqttRig(
  broker: RealBroker,
  protocolVersion: 4 | 5,
  { weather, ...forced }: { protocolVersion?: 4; weather?: Weather } = {},
): Promise<LinkRig> {
  const stack = new AsyncDisposableStack();
  stack.use(broker);
  const proxy = stack.use(await openWeatherProxy(broker.port, weather));
  const brokers = [on(proxy.port, forced)];
  return {
    protocolVersion,
    openLink: (options, handlers) =>
      openMqttLink(linkDependencies, { ...options, brokers, keepaliveSeconds: 30 }, handlers),
    publish: (topic, payload, retain = false) => publishOnce(broker.port, topic, payload, { retain }),
    collect: async (filter) => stack.use(await collect(broker.port, filter)),
    cut() {
      proxy.cut();
      proxy.pass();
    },
    holdAnswers: () => proxy.block(),
    stopBroker: () => broker.stop(),
    startBroker: () => broker.start(),
    get connectsCount() {
      return proxy.connectsCount;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export async function openMemoryRig(protocolVersion: 4 | 5): Promise<LinkRig> {
  const broker = createMemoryBroker({ protocolVersion });
  return {
    protocolVersion,
    openLink: (options, handlers) => broker.openLink(options, handlers),
    publish: async (topic, payload, retain = false) => broker.client().publish(topic, payload, { retain }),
    async collect(filter) {
      const arrivals = createArrivals<RigMessage>();
      broker.client((message) => arrivals.push(message)).subscribe(filter, 2);
      return arrivals;
    },
    cut() {
      broker.drop();
      broker.setWeather({ holdsAcks: false });
    },
    holdAnswers: () => broker.setWeather({ holdsAcks: true }),
    async stopBroker() {
      broker.setWeather({ refusesConnects: true });
      broker.drop();
    },
    startBroker: async () => broker.setWeather({ refusesConnects: false }),
    get connectsCount() {
      return broker.connectsCount;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
