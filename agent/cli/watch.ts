import { parseDuration } from '../config/duration.ts';
import { queriesUnderWayMax } from '../limits.ts';
import type { Message } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { encodeMessage } from '../qn/registry.ts';
import { createIdSource } from '../qn/snowflake.ts';
import { formatTopic, isDocumentName, isNodeName } from '../qn/topic.ts';
import { Copies } from './copies.ts';
import { refusalText } from './decode.ts';
import { Inbox } from './inbox.ts';
import { decodeAny, formatMessage } from './message-text.ts';
import { replyTopicTo } from './names.ts';
import { openSession, type Session, sessionOptions } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, textOption, type Verb } from './verb.ts';

const watchedVerbs = ['state', 'delta', 'event', 'ack', 'health'] as const;

export const watchVerb: Verb = {
  name: 'watch',
  operands: 'NODE [DOCUMENT]',
  summary: 'Prints everything a node says, asks for what it missed, and says when a value may be stale.',
  options: {
    ...sessionOptions,
    for: { type: 'string', placeholder: 'DURATION', help: 'stop after this long' },
    count: { type: 'string', placeholder: 'N', help: 'stop after so many messages' },
  },
  examples: ['qnctl watch pi-1', 'qnctl watch pi-1 gpio.button1 --json', 'qnctl watch pi-1 --for 10s'],
  exits: { 0: 'ended by Ctrl-C, --for or --count', 69: 'no broker, or the connection broke' },
  async run(context, [node = '', document], options) {
    const count = Number(textOption(options, 'count') ?? Infinity);
    const durationMs = parseDuration(textOption(options, 'for') ?? '') ?? Infinity;
    const isGood = isNodeName(node) && (document === undefined || isDocumentName(document)) && count > 0;
    if (!isGood || (durationMs === Infinity && options['for'] !== undefined)) {
      context.err(
        'qnctl watch: NODE and DOCUMENT are names like pi-42 and gpio.relay1, --for is like 10s, --count a number',
      );
      return exitCodes.usage;
    }
    const inbox = new Inbox<Heard>(context);
    const filters = ({ root, name }: { root: string; name: string }) => [
      ...watchedVerbs.map((verb) => `${root}/${node}/${verb}/${document ?? '+'}`),
      ...(document === undefined || document === 'agent' ? [] : [`${root}/${node}/health/agent`]),
      replyTopicTo(root, name, document ?? '+'), // Answers to our own queries.
    ];
    const opened = await openSession(context, options, filters, {
      onMessage({ topic, payload }) {
        const decoded = decodeAny(payload, context.clock.wallMs(), topic);
        const name = topic.slice(topic.lastIndexOf('/') + 1);
        const isShown = document === undefined || name === document;
        inbox.add(decoded.ok ? { name, isShown, message: decoded.value } : { name, refusal: decoded.error });
      },
      onLost: () => inbox.close(),
    });
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const untilMs = context.clock.monotonicMs() + durationMs;
    const silence =
      document === undefined
        ? `nothing heard of ${node} so far; is the name right? qnctl health lists all nodes`
        : `nothing heard of ${document} so far; is the name right? qnctl watch ${node} shows all it has`;
    return await follow(context, session, inbox, { node, silence, count, untilMs, isJson: isSet(options, 'json') });
  },
};

type Heard =
  | { readonly name: string; readonly isShown: boolean; readonly message: Message }
  | { readonly name: string; readonly refusal: Refusal };

interface Following {
  readonly node: string;
  /** What is said when nothing comes. */
  readonly silence: string;
  /** Messages to print. */
  readonly count: number;
  readonly untilMs: number;
  readonly isJson: boolean;
}

async function follow(
  context: CliContext,
  session: Session,
  inbox: Inbox<Heard>,
  { node, silence, count, untilMs, isJson }: Following,
): Promise<ExitCode> {
  const { clock, signal } = context;
  const copies = openCopies(context, session, node, isJson);
  let silentMs = Math.min(untilMs, clock.monotonicMs() + session.timeoutMs); // Then a person wants to know why.
  for (let seen = 0; seen < count && !signal.aborted && clock.monotonicMs() < untilMs; ) {
    const heard = await inbox.next(Math.min(untilMs, copies.dueMs, silentMs) - clock.monotonicMs());
    if (heard === undefined && inbox.isClosed) {
      context.err('qnctl watch: what was printed may be stale');
      return exitCodes.unavailable;
    }
    if (heard === undefined) {
      if (!signal.aborted) copies.tick();
      if (!signal.aborted && clock.monotonicMs() >= silentMs) {
        silentMs = Infinity;
        context.err(`qnctl watch: ${silence}`);
      }
      continue;
    }
    const isShown = 'refusal' in heard || heard.isShown;
    if (isShown) context.out(textOf(heard, isJson));
    if (isShown) {
      seen += 1;
      silentMs = Infinity;
    }
    if ('message' in heard) copies.hear(heard.name, heard.message);
  }
  return exitCodes.ok;
}

function textOf(heard: Heard, isJson: boolean): string {
  if ('message' in heard) return formatMessage(heard.message, heard.name, isJson);
  return isJson ? refusalText(heard.refusal) : `${heard.name}: ${heard.refusal.reason}`;
}

/** Copies of what is printed, so that a gap is seen and asked about (QN-5.2). */
function openCopies(context: CliContext, session: Session, node: string, isJson: boolean): Copies {
  const { root, name, timeoutMs } = session;
  const ids = createIdSource({ clock: context.clock, nodeName: name });
  let unsentCount = 0;
  return new Copies(
    {
      clock: context.clock,
      query(document, { since }) {
        if (unsentCount >= queriesUnderWayMax) return undefined;
        const id = ids.next();
        const have = since === undefined ? {} : { ep: since.epoch, ver: since.version };
        const reply = replyTopicTo(root, name, document);
        const encoded = encodeMessage({ t: 'query', id, src: name, reply, ...have }, 'json');
        if (!encoded.ok) return undefined;
        const topic = formatTopic(root, node, 'query', document);
        unsentCount += 1;
        const sent = session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain: false });
        void sent.then(() => {
          unsentCount -= 1; // Also when it failed: then no answer comes, and it is asked again.
        });
        return id;
      },
      stale(document, ver) {
        const stale = { doc: document, stale: true, ...(ver === undefined ? {} : { ver }) };
        const known = ver === undefined ? 'nothing is known of it' : `known up to version ${ver}`;
        context.out(isJson ? JSON.stringify(stale) : `${document} stale: ${known}, ${node} does not answer`);
      },
    },
    timeoutMs,
  );
}
