import { parseDuration } from '../config/duration.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Message } from '../qn/message.ts';
import { formatTopic, isNodeName, parseTopic } from '../qn/topic.ts';
import { formatFleet, formatNode, rowOf } from './fleet.ts';
import { hearTheRest, quietMs } from './hear-kept.ts';
import { Inbox } from './inbox.ts';
import { decodeAny, jsonOf } from './message-text.ts';
import { openSession, sessionOptions } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, textOption, type Verb } from './verb.ts';

interface Sighting {
  readonly node: string;
  readonly message: Message;
}

export const healthVerb: Verb = {
  name: 'health',
  operands: '[NODE]',
  operandCountMin: 0,
  operandCountMax: 1,
  summary: 'Shows how a node is, or every node of the broker, trouble first.',
  options: {
    ...sessionOptions,
    for: { type: 'string', placeholder: 'DURATION', help: 'stay, and show it again at every change (default: once)' },
  },
  examples: ['qnctl health', 'qnctl health pi-1 --json', 'qnctl health --for 10m'],
  exits: {
    0: 'every node is online',
    1: 'one of them is not',
    69: 'no broker, no node, or not all of them were heard',
  },
  busy: 'listening for nodes',
  async run(context, [node], options) {
    const stayText = textOption(options, 'for');
    const stayMs = stayText === undefined ? 0 : parseDuration(stayText);
    if ((node !== undefined && !isNodeName(node)) || stayMs === undefined) {
      context.err(`qnctl health: not a node name, or no duration: ${stayMs === undefined ? stayText : node}`);
      return exitCodes.usage;
    }
    const inbox = new Inbox<Sighting>(context);
    const sightings = new Map<string, Message>(); // As many as there are boards at this broker.
    const heard = new Set<string>();
    let rootLength = 0;
    const filters = ({ root }: { root: string }) => {
      rootLength = root.length;
      return [formatTopic(root, node ?? '+', 'health', 'agent')];
    };
    const sightingOf = ({ topic, payload }: InboundMessage): Sighting | undefined => {
      const decoded = decodeAny(payload, context.clock.wallMs());
      const target = parseTopic(topic.slice(0, rootLength), topic)?.target;
      return decoded.ok && target !== undefined ? { node: target, message: decoded.value } : undefined;
    };
    const opened = await openSession(context, options, filters, {
      onMessage(message) {
        if (message.retain) heard.add(message.topic);
        const sighting = sightingOf(message);
        if (sighting !== undefined) inbox.add(sighting);
      },
      onLost: () => inbox.close(),
    });
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const found = (message: InboundMessage) => {
      const sighting = sightingOf(message);
      if (sighting !== undefined && !sightings.has(sighting.node)) sightings.set(sighting.node, sighting.message);
    };
    const hearRest = () => hearTheRest(context, options, { heard, filters, onMessage: found });
    const order = { node, timeoutMs: session.timeoutMs, stayMs, isJson: isSet(options, 'json'), sightings, hearRest };
    return await follow(context, inbox, order);
  },
};

interface Order {
  readonly node: string | undefined;
  readonly timeoutMs: number;
  readonly stayMs: number;
  readonly isJson: boolean;
  /** What each node said last. */
  readonly sightings: Map<string, Message>;
  /** False: some of them may not be known. */
  hearRest(): Promise<boolean>;
}

/** Shows what there is when it is complete; then, for as long as it stays, all of it again after each change. */
async function follow(context: CliContext, inbox: Inbox<Sighting>, order: Order): Promise<ExitCode> {
  const { node, timeoutMs, stayMs, sightings } = order;
  const gather = async (firstMs: number) => {
    for (let waitMs = firstMs; ; waitMs = Math.min(firstMs, quietMs)) {
      const seen = await inbox.next(waitMs);
      if (seen === undefined) return;
      sightings.set(seen.node, seen.message);
      if (node !== undefined) return;
    }
  };
  await gather(timeoutMs);
  if (sightings.size === 0) {
    if (!inbox.isClosed)
      context.err(`qnctl health: ${node ?? 'no node'} has never told its health to this broker; is the root right?`);
    return exitCodes.unavailable;
  }
  const isWhole = await order.hearRest();
  await gather(0); // What was said meanwhile.
  show(context, sightings, order);
  const untilMs = context.clock.monotonicMs() + stayMs;
  for (;;) {
    const leftMs = untilMs - context.clock.monotonicMs();
    if (leftMs <= 0 || inbox.isClosed || context.signal.aborted) break;
    const seen = await inbox.next(leftMs);
    if (seen === undefined) continue;
    sightings.set(seen.node, seen.message);
    show(context, order.isJson ? new Map([[seen.node, seen.message]]) : sightings, order);
  }
  if (!isWhole) return exitCodes.unavailable;
  const isWell = [...sightings].every(([name, message]) => rowOf(name, message).status === 'online');
  return isWell ? exitCodes.ok : exitCodes.failed;
}

function show(context: CliContext, sightings: ReadonlyMap<string, Message>, { node, isJson, stayMs }: Order): void {
  if (isJson) for (const message of sightings.values()) context.out(jsonLine(message));
  else if (node === undefined) {
    if (context.isColourful === true && stayMs > 0) context.out('\u001b[H\u001b[2J'); // The table stays in its place.
    for (const line of formatFleet(
      context,
      [...sightings].map(([name, message]) => rowOf(name, message)),
    ))
      context.out(line);
  } else for (const [name, message] of sightings) context.out(formatNode(rowOf(name, message)));
}

function jsonLine(message: Message): string {
  const text = jsonOf(message);
  return text.ok ? text.value : '{}';
}
