import type { Config, DocumentConfig } from '../config/config.ts';
import type { Value } from '../qn/message.ts';
import type { Verb } from '../qn/topic.ts';
import { agentVersion, protocolVersion } from '../version.ts';
import { type BoardDocument, documentsOf, groupsOf, topicOf } from './board-topics.ts';

type Part = { readonly [key: string]: Value };

/** The topics of a board as an AsyncAPI 3 document; `receive` and `send` are seen from the board. */
export function asyncApi(config: Config): Part {
  const rows = documentsOf(config).flatMap((document) => channelsOf(config, document));
  const health = channel(config, 'health', 'agent', {
    type: 'object',
    description: 'Birth, health report and last will (QN-6).',
  });
  const all = [...rows, health];
  return {
    asyncapi: '3.0.0',
    info: {
      title: `Topics of ${config.node}`,
      version: agentVersion,
      description: `${protocolVersion}. Commands and queries are taken on the topics of the groups ${groupsOf(config).join(', ')} too.`,
    },
    defaultContentType: 'application/json',
    servers: Object.fromEntries(config.mqtt.brokers.map(({ url }, index) => [`broker-${index + 1}`, serverOf(url)])),
    channels: Object.fromEntries(
      all.map(({ id, address, verb, document, payload }) => [
        id,
        { address, messages: { [verb]: messageOf(verb, document, payload) } },
      ]),
    ),
    operations: Object.fromEntries(
      all.map(({ id, verb }) => [
        operationOf(id),
        { action: isHeard(verb) ? 'receive' : 'send', channel: { $ref: `#/channels/${id}` } },
      ]),
    ),
  };
}

interface Channel {
  readonly id: string;
  readonly address: string;
  readonly verb: Verb;
  readonly document: string;
  readonly payload: Part;
}

function channel(config: Config, verb: Verb, document: string, payload: Part): Channel {
  return { id: `${verb}-${document}`, address: topicOf(config, verb, document), verb, document, payload };
}

function channelsOf(config: Config, { name, config: document, takesCommands }: BoardDocument): readonly Channel[] {
  const value = document === undefined ? {} : valueOf(document);
  return [
    ...(takesCommands
      ? [channel(config, 'notify', name, commandOf(document)), channel(config, 'ack', name, ackPayload)]
      : []),
    channel(config, 'query', name, envelope({ mode: { enum: ['get', 'watch', 'cancel'] } })),
    channel(config, 'state', name, envelope({ val: value })),
    channel(config, 'delta', name, envelope({ base: { type: 'integer' }, val: {} })),
    channel(config, 'event', name, envelope({ val: {} })),
  ];
}

function isHeard(verb: Verb): boolean {
  return verb === 'notify' || verb === 'query';
}

function operationOf(id: string): string {
  return `${isHeard(id.startsWith('notify-') ? 'notify' : id.startsWith('query-') ? 'query' : 'state') ? 'hear' : 'say'}-${id}`;
}

function messageOf(verb: Verb, document: string, payload: Part): Part {
  return { name: `${verb}-${document}`, contentType: 'application/json', payload };
}

/** The fields that every message may have (QN-3); others are ignored. */
function envelope(more: Part): Part {
  const common = {
    id: { type: 'string', pattern: '^\\d{1,20}$' },
    src: { type: 'string' },
    ts: { type: 'integer', minimum: 0 },
    ver: { type: 'integer', minimum: 0 },
  };
  return { type: 'object', properties: { ...common, ...more } };
}

const ackPayload = envelope({ st: { type: 'string' }, why: { type: 'string' }, detail: { type: 'string' } });

/** A bare value, or a message with it (QN-3.2). */
function commandOf(document: DocumentConfig | undefined): Part {
  const value = document === undefined ? { type: ['object', 'string'] } : valueOf(document);
  return {
    anyOf: [value, { ...envelope({ val: {}, ttl: { type: 'integer' }, tok: { type: 'string' } }), required: ['val'] }],
  };
}

function valueOf(document: DocumentConfig): Part {
  switch (document.driver) {
    case 'gpio-out':
    case 'gpio-in':
      return { type: 'boolean' };
    case 'gpio-counter':
      return { type: ['object', 'integer'] };
    case 'pwm-out':
      return { type: 'number', minimum: 0, maximum: document.scale };
    case 'modbus-register':
      return document.type === 'bool' ? { type: 'boolean' } : { type: 'number' };
    default:
      return {};
  }
}

function serverOf(url: string): Part {
  const { protocol, host } = new URL(url);
  return { host, protocol: protocol === 'mqtts:' ? 'secure-mqtt' : 'mqtt' };
}
