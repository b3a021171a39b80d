import { parseDuration } from '../config/duration.ts';
import type { Message } from '../qn/message.ts';
import { isNodeName } from '../qn/topic.ts';
import { formatFleet, formatNode, rowOf } from './fleet.ts';
import { type HealthSession, neverHeard, openHealthSession } from './hear-health.ts';
import { jsonOf } from './message-text.ts';
import { sessionOptions } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, textOption, type Verb } from './verb.ts';

export const healthVerb: Verb = {
  name: 'health',
  operands: '[NODE]',
  summary: 'Shows how a node is, or every node of the broker, trouble first.',
  options: {
    ...sessionOptions,
    for: { type: 'string', placeholder: 'DURATION', help: 'stay, and show it again at every change (default: once)' },
  },
  examples: ['qnctl health', 'qnctl health pi-1 --json', 'qnctl health --for 10m'],
  exits: {
    0: 'every node is online',
    1: 'one of them is not',
    69: 'no broker, no node, or not all of them were heard; with --for: the connection broke',
  },
  busy: 'listening for nodes',
  async run(context, [node], options) {
    const stayText = textOption(options, 'for');
    const stayMs = stayText === undefined ? 0 : parseDuration(stayText);
    if ((node !== undefined && !isNodeName(node)) || stayMs === undefined) {
      context.err(`qnctl health: not a node name, or no duration: ${stayMs === undefined ? stayText : node}`);
      return exitCodes.usage;
    }
    const opened = await openHealthSession(context, options, node);
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    return await follow(context, session, { node, stayMs, isJson: isSet(options, 'json') });
  },
};

interface Order {
  readonly node: string | undefined;
  readonly stayMs: number;
  readonly isJson: boolean;
}

/** Shows what there is; then, for as long as it stays, all of it again after each change. */
async function follow(
  context: CliContext,
  { sightings, isWhole, inbox }: HealthSession,
  order: Order,
): Promise<ExitCode> {
  const { node, stayMs } = order;
  if (sightings.size === 0) {
    const [names, others] =
      node === undefined ? ['is the root', ''] : ['are root and name', ' qnctl health lists all nodes'];
    if (!inbox.isOver)
      context.err(`qnctl health: ${neverHeard(node)}; ${names} right, and may this user read there?${others}`);
    return exitCodes.unavailable;
  }
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
  if (!isWhole || inbox.isClosed) return exitCodes.unavailable;
  const isWell = [...sightings].every(([name, message]) => rowOf(name, message).status === 'online');
  return isWell ? exitCodes.ok : exitCodes.failed;
}

function show(context: CliContext, sightings: ReadonlyMap<string, Message>, { node, isJson, stayMs }: Order): void {
  if (isJson) for (const message of sightings.values()) context.out(jsonLine(message));
  else if (node === undefined) {
    if (context.isColourful === true && stayMs > 0) context.outBytes(Buffer.from('\u001b[H\u001b[2J')); // The table stays in its place.
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
