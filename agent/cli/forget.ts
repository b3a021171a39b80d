import { discoveryPrefixDefault } from '../config/home-assistant.ts';
import { configTopics } from '../home-assistant/topics.ts';
import { formatTopic, isNodeName, isTopicRoot } from '../qn/topic.ts';
import { rowOf } from './fleet.ts';
import { Inbox } from './inbox.ts';
import { decodeAny } from './message-text.ts';
import { openSession, type Session, sessionOptions, tellUnpublished } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption, type Verb } from './verb.ts';

/** A broker that keeps more of one node is cleaned in several runs. */
const topicsMax = 4_096;

/** What the broker says of one topic. Empty: it keeps nothing there any more. */
interface Told {
  readonly topic: string;
  readonly isRetained: boolean;
  readonly isEmpty: boolean;
  /** Of the health of the node; undefined for everything else. */
  readonly status: string | undefined;
}

export const forgetVerb: Verb = {
  name: 'forget',
  operands: 'NODE',
  summary: 'Takes off the broker what a node has left there that is gone for good.',
  options: {
    ...sessionOptions,
    'dry-run': { type: 'boolean', help: 'only print what would be taken off' },
    force: { type: 'boolean', help: 'also of a node that is not offline' },
    prefix: {
      type: 'string',
      placeholder: 'TOPIC',
      help: `discovery prefix of Home Assistant (default ${discoveryPrefixDefault})`,
    },
  },
  examples: ['qnctl forget pi-9 --dry-run', 'qnctl forget pi-9'],
  exits: {
    0: 'the broker has nothing of it any more',
    1: 'it is not offline, or the broker keeps some of it',
    69: 'no broker, or one that has nothing of this node',
  },
  busy: 'listening for what the broker has of it',
  async run(context, [node = ''], options) {
    const prefix = textOption(options, 'prefix') ?? discoveryPrefixDefault;
    if (!isNodeName(node) || !isTopicRoot(prefix)) {
      context.err(`qnctl forget: ${isNodeName(node) ? `not a topic: ${prefix}` : `not a node name: ${node}`}`);
      return exitCodes.usage;
    }
    const inbox = new Inbox<Told>(context);
    let healthTopic = '';
    const filters = ({ root }: { readonly root: string }) => {
      healthTopic = formatTopic(root, node, 'health', 'agent');
      return [`${root}/${node}/#`, ...configTopics({ prefix }, node)];
    };
    const opened = await openSession(context, options, filters, {
      onMessage({ topic, payload, retain }) {
        const decoded = topic === healthTopic ? decodeAny(payload, context.clock.wallMs()) : undefined;
        const status = decoded?.ok === false ? 'of another kind' : decoded && rowOf(node, decoded.value).status;
        inbox.add({ topic, isRetained: retain, isEmpty: payload.length === 0, status });
      },
      onLost: () => inbox.close(),
    });
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const kept = await listen(inbox, session);
    if (inbox.isOver) return exitCodes.unavailable;
    return await forget(context, options, { node, session, inbox, kept });
  },
};

/** By topic, what the broker keeps. */
async function listen(inbox: Inbox<Told>, { timeoutMs, quietMs }: Session): Promise<ReadonlyMap<string, Told>> {
  const kept = new Map<string, Told>();
  for (let waitMs = timeoutMs; kept.size < topicsMax; ) {
    const told = await inbox.next(waitMs);
    if (told === undefined) break;
    if (!told.isRetained || told.isEmpty) continue; // A node that talks does not make it longer.
    kept.set(told.topic, told);
    waitMs = quietMs;
  }
  return kept;
}

interface Order {
  readonly node: string;
  readonly session: Session;
  readonly inbox: Inbox<Told>;
  readonly kept: ReadonlyMap<string, Told>;
}

async function forget(context: CliContext, options: OptionValues, order: Order): Promise<ExitCode> {
  const { node, session, inbox, kept } = order;
  if (kept.size === 0) {
    context.err(
      `qnctl forget: the broker has nothing of ${node}; are the name and the root right, and may this user read there?`,
    );
    return exitCodes.unavailable;
  }
  const status = [...kept.values()].find((told) => told.status !== undefined)?.status ?? 'offline';
  if (status !== 'offline' && !isSet(options, 'force')) {
    context.err(`qnctl forget: ${node} is ${status}; what it says would come back. Switch it off, or add --force`);
    return exitCodes.failed;
  }
  const say = (topic: string) => context.out(isSet(options, 'json') ? JSON.stringify({ topic }) : topic);
  const topics = [...kept.keys()].toSorted();
  if (isSet(options, 'dry-run')) {
    for (const topic of topics) say(topic);
    return exitCodes.ok;
  }
  for (const topic of topics) {
    const published = await session.publish({ topic, payload: new Uint8Array(0), qos: 1, retain: true });
    if (!published.ok) return tellUnpublished(context, published.error);
  }
  const left = new Set(topics);
  const untilMs = context.clock.monotonicMs() + session.timeoutMs;
  while (left.size > 0) {
    const told = await inbox.next(untilMs - context.clock.monotonicMs());
    if (told === undefined) break;
    if (told.isEmpty && left.delete(told.topic)) say(told.topic);
  }
  if (left.size > 0 && inbox.isOver) return exitCodes.unavailable;
  for (const topic of left) context.err(`qnctl forget: the broker keeps ${topic}; may this user write there?`);
  return left.size === 0 ? exitCodes.ok : exitCodes.failed;
}
