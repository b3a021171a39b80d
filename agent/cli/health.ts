import type { Message, Value } from '../qn/message.ts';
import { formatTopic, isNodeName, parseTopic } from '../qn/topic.ts';
import { Inbox } from './inbox.ts';
import { decodeAny, formatValue, jsonOf } from './message-text.ts';
import { openSession, sessionOptions } from './session.ts';
import { exitCodes, isSet, type Verb } from './verb.ts';

/** Retained messages come at once after the subscription; this long after the last one the fleet is complete. */
const quietMs = 500;

interface Sighting {
  readonly node: string;
  readonly message: Message;
}

export const healthVerb: Verb = {
  name: 'health',
  operands: '[NODE]',
  operandCountMin: 0,
  operandCountMax: 1,
  summary: 'Shows how a node is, or every node of the broker.',
  options: sessionOptions,
  examples: ['qnctl health', 'qnctl health pi-1 --json'],
  exits: { 0: 'every node shown is online', 1: 'one of them is not', 69: 'no broker, or no node' },
  busy: 'listening for nodes',
  async run(context, [node], options) {
    if (node !== undefined && !isNodeName(node)) {
      context.err(`qnctl health: not a node name: ${node}`);
      return exitCodes.usage;
    }
    const inbox = new Inbox<Sighting>(context);
    const filters = ({ root }: { root: string }) => [formatTopic(root, node ?? '+', 'health', 'agent')];
    let rootLength = 0;
    const measured = (own: { root: string }) => {
      rootLength = own.root.length;
      return filters(own);
    };
    const opened = await openSession(context, options, measured, {
      onMessage({ topic, payload }) {
        const decoded = decodeAny(payload, context.clock.wallMs());
        const target = parseTopic(topic.slice(0, rootLength), topic)?.target;
        if (decoded.ok && target !== undefined) inbox.add({ node: target, message: decoded.value });
      },
      onLost: () => inbox.close(),
    });
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const sightings = new Map<string, Message>(); // As many as there are boards at this broker.
    const patienceMs = node === undefined ? quietMs : session.timeoutMs;
    for (;;) {
      const seen = await inbox.next(sightings.size === 0 ? session.timeoutMs : patienceMs);
      if (seen === undefined) break;
      sightings.set(seen.node, seen.message);
      if (node !== undefined) break;
    }
    if (sightings.size === 0 && inbox.isClosed) return exitCodes.unavailable;
    if (sightings.size === 0) {
      context.err(`qnctl health: ${node ?? 'no node'} has never told its health to this broker; is the root right?`);
      return exitCodes.unavailable;
    }
    const isJson = isSet(options, 'json');
    for (const [name, message] of sightings) context.out(isJson ? jsonLine(message) : describe(name, message));
    return [...sightings.values()].every((message) => field(message, 'status') === 'online')
      ? exitCodes.ok
      : exitCodes.failed;
  },
};

function jsonLine(message: Message): string {
  const text = jsonOf(message);
  return text.ok ? text.value : '{}';
}

/** `pi-1  online  uptime 12 s  self-test PASS`, with the reasons below when something is wrong. */
function describe(node: string, message: Message): string {
  const status = formatField(field(message, 'status'));
  const uptime = field(message, 'uptime_s');
  const selftest = field(message, 'selftest');
  const verdict = isMap(selftest) ? formatField(selftest['health_status']) : '-';
  const facts = uptime === undefined ? '' : `  uptime ${formatField(uptime)} s  self-test ${verdict}`;
  const why = field(message, 'why');
  const reasons = Array.isArray(why) ? why.map((reason) => `\n  ${formatField(reason)}`) : [];
  return `${node}  ${status}${facts}${reasons.join('')}`;
}

function formatField(value: Value | undefined): string {
  return typeof value === 'string' ? value : formatValue(value);
}

function field({ val }: Message, name: string): Value | undefined {
  return isMap(val) ? val[name] : undefined;
}

function isMap(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
