import { connectAsync, type IClientOptions, type IClientPublishOptions, type IPublishPacket } from 'mqtt';
import { type Arrivals, createArrivals } from './arrivals.ts';

export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly text: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties: NonNullable<IPublishPacket['properties']>;
}

/** An ordinary MQTT client of somebody else, that waits for what it subscribed to. */
export interface Collector extends AsyncDisposable {
  readonly all: Arrivals<ReceivedMessage>['all'];
  readonly next: Arrivals<ReceivedMessage>['next'];
}

/** Resolves when the subscription was granted, so that nothing published afterwards is missed. */
export async function collect(port: number, topicFilter: string, options: IClientOptions = {}): Promise<Collector> {
  const client = await open(port, options);
  const arrivals = createArrivals<ReceivedMessage>();
  client.on('message', (topic, payload, { qos, retain, properties = {} }) => {
    const copy = Buffer.from(payload);
    arrivals.push({ topic, payload: copy, text: copy.toString(), qos, retain, properties });
  });
  await client.subscribeAsync(topicFilter, { qos: 2 });
  return {
    all: arrivals.all,
    next: (...question) => arrivals.next(...question),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** Resolves when the broker acknowledged it. */
export async function publishOnce(
  port: number,
  topic: string,
  payload: string | Uint8Array,
  options: IClientPublishOptions & { readonly client?: IClientOptions } = {},
): Promise<void> {
  const client = await open(port, options.client ?? {});
  await client.publishAsync(topic, Buffer.from(payload), { qos: 1, ...options });
  await client.endAsync();
}

function open(port: number, options: IClientOptions) {
  const defaults: IClientOptions = { protocolVersion: 4, connectTimeout: 5_000, reconnectPeriod: 0 };
  return connectAsync({ ...defaults, protocol: 'mqtt', host: '127.0.0.1', port, ...options });
}
