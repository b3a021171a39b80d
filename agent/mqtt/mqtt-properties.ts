import type { IClientPublishOptions, IPublishPacket } from 'mqtt';
import { topicBytesMax } from '../limits.ts';
import type { InboundMessage, MessageProperties, OutboundMessage, Qos } from './link.ts';

type PacketProperties = IPublishPacket['properties'];

/**
 * What MQTT.js parsed, as our message. Its types promise more than it checks: a property that came twice is an array,
 * a cut one is null. Whatever is not of the right type, or longer than any that says something, is left out.
 */
export function inboundMessage(packet: IPublishPacket): InboundMessage {
  const { topic, payload, qos, retain, dup } = packet;
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return { topic, payload: bytes, qos, retain, duplicate: dup, properties: inboundProperties(packet.properties) };
}

function inboundProperties(packet: PacketProperties): MessageProperties {
  if (packet === undefined) return noProperties;
  const { contentType, responseTopic, correlationData, userProperties } = packet;
  const traceparent: unknown = userProperties?.['traceparent'];
  return {
    ...(isShort(contentType) && { contentType }),
    ...(isShort(responseTopic) && { responseTopic }),
    ...(correlationData instanceof Uint8Array && { correlationData }),
    ...(isShort(traceparent) && { traceparent }),
  };
}

function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.length <= topicBytesMax;
}

const noProperties: MessageProperties = {};

/** `qosMax` is what the broker takes. On 3.1.1 MQTT.js leaves the properties out by itself. */
export function publishOptions({ qos, retain, properties }: OutboundMessage, qosMax: Qos): IClientPublishOptions {
  const options = { qos: qos > qosMax ? qosMax : qos, retain };
  return properties === undefined ? options : { ...options, properties: outboundProperties(properties) };
}

function outboundProperties(properties: MessageProperties): NonNullable<PacketProperties> {
  const { contentType, responseTopic, correlationData, traceparent } = properties;
  return {
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData: asBuffer(correlationData) }),
    ...(traceparent !== undefined && { userProperties: { traceparent } }),
  };
}

/**
 * A Buffer on the same memory. MQTT.js clones what it sends with QoS 1: of a Buffer it copies the bytes, of a plain
 * Uint8Array the whole memory beneath, which here is the pool.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fixed header, lengths, packet identifier and the names of the properties, generously. */
const packetOverheadBytes = 64;

/** Not less than the size of the PUBLISH packet. */
export function publishBytesAtMost({ topic, payload, properties = {} }: OutboundMessage): number {
  const { contentType = '', responseTopic = '', correlationData, traceparent = '' } = properties;
  const texts = [topic, contentType, responseTopic, traceparent];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return packetOverheadBytes + textBytes + (correlationData?.byteLength ?? 0) + payload.byteLength;
}
