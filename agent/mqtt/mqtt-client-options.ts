import { type IClientOptions, UniqueMessageIdProvider } from 'mqtt';
import { connectTimeoutMs, inboundPacketBytesMax, receiveWindowCount } from '../limits.ts';
import type { LastWill } from './link.ts';
import { asBuffer } from './mqtt-properties.ts';

/** Who connects; the same for every attempt. */
export interface ClientIdentity {
  readonly clientId: string;
  readonly username?: string;
  readonly will?: LastWill;
  readonly keepaliveSeconds: number;
}

/** MQTT.js as transport only: it keeps nothing, queues nothing and never comes back by itself. */
export function clientOptions(
  { clientId, username, will, keepaliveSeconds }: ClientIdentity,
  password: string | undefined,
  protocolVersion: 4 | 5,
): IClientOptions {
  return {
    protocolVersion,
    clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && { will: { ...will, payload: asBuffer(will.payload) } }),
    keepalive: keepaliveSeconds,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    writeCache: false, // its table of numbers costs 70 ms and 14 MB at the start
    connectTimeout: connectTimeoutMs * 2, // never met: the deadline of the link comes first
    messageIdProvider: new UniqueMessageIdProvider(), // the default starts at random and may repeat itself
    ...(protocolVersion === 5 && {
      properties: { receiveMaximum: receiveWindowCount, maximumPacketSize: inboundPacketBytesMax },
    }),
  };
}
