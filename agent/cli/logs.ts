import { sleep } from '../clock.ts';
import { parseDuration } from '../config/duration.ts';
import type { Message, Value } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import { createIdSource, type IdSource } from '../qn/snowflake.ts';
import { formatTopic, isNodeName } from '../qn/topic.ts';
import { fieldsOf } from '../qn/value.ts';
import { Inbox } from './inbox.ts';
import { formatMessage } from './message-text.ts';
import { replyTopicTo } from './names.ts';
import { hearInto, openSession, type Session, sessionOptions, tellUnpublished } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, textOption, type Verb } from './verb.ts';

/** How often a node is asked for what is new; its log is in memory, and read by nobody else. */
const followMs = 2_000;

export const logsVerb: Verb = {
  name: 'logs',
  operands: 'NODE',
  summary: 'Prints the last lines of the log of a node, and changes how much it writes.',
  options: {
    ...sessionOptions,
    follow: { type: 'boolean', help: 'go on with what comes, until Ctrl-C' },
    level: { type: 'string', placeholder: 'debug|info|warn|error', help: 'what is worth a line from now on' },
    for: {
      type: 'string',
      placeholder: 'DURATION',
      help: 'with --level: then it is as configured again (default 10m)',
    },
  },
  examples: [
    'qnctl logs pi-1',
    'qnctl logs pi-1 --level debug --for 5m --follow',
    'qnctl logs pi-1 --json | jq .message',
  ],
  exits: {
    0: 'printed',
    1: 'the node refused, and said why',
    69: 'no broker, or no answer in time',
  },
  busy: 'waiting for the answer of the node',
  async run(context, [node = ''], options) {
    const duration = textOption(options, 'for');
    if (!isNodeName(node) || (duration !== undefined && parseDuration(duration) === undefined)) {
      context.err('qnctl logs: NODE is a name like pi-42, --for a duration like 5m');
      return exitCodes.usage;
    }
    const inbox = new Inbox<Message>(context);
    const filters = ({ root, name }: { root: string; name: string }) => [
      replyTopicTo(root, name, 'log'),
      formatTopic(root, node, 'ack', 'log'),
    ];
    const opened = await openSession(context, options, filters, hearInto(inbox, context.clock));
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const ids = createIdSource({ clock: context.clock, nodeName: session.name });
    const asking: Asking = { context, session, inbox, ids, node, isJson: isSet(options, 'json') };
    const level = textOption(options, 'level');
    if (level !== undefined) {
      const changed = await changeLevel(asking, duration === undefined ? level : { level, for: duration });
      if (changed !== exitCodes.ok) return changed;
    }
    return await readLines(asking, isSet(options, 'follow'));
  },
};

interface Asking {
  readonly context: CliContext;
  readonly session: Session;
  readonly inbox: Inbox<Message>;
  readonly ids: IdSource;
  readonly node: string;
  readonly isJson: boolean;
}

async function changeLevel(asking: Asking, val: Value): Promise<ExitCode> {
  const { context, session, node, ids, isJson } = asking;
  const id = ids.next();
  const stamp = { id, src: session.name, ts: context.clock.wallMs(), clk: 'estimated' } as const;
  const code = await say(asking, 'notify', { t: 'notify', ...stamp, val });
  if (code !== exitCodes.ok) return code;
  const ack = await answerTo(asking, id);
  if (ack === undefined) return noAnswer(asking);
  if (ack.t === 'ack' && ack.st === 'successful') return exitCodes.ok;
  context.err(`qnctl logs: ${node} ${formatMessage(ack, 'log', isJson)}`);
  return exitCodes.failed;
}

async function readLines(asking: Asking, isFollowing: boolean): Promise<ExitCode> {
  const { context, session, ids, isJson } = asking;
  for (let after = 0; ; ) {
    const id = ids.next();
    const reply = replyTopicTo(session.root, session.name, 'log');
    const code = await say(asking, 'query', { t: 'query', id, src: session.name, reply, val: { after } });
    if (code !== exitCodes.ok) return code;
    const answer = await answerTo(asking, id);
    if (answer === undefined) return isFollowing && context.signal.aborted ? exitCodes.ok : noAnswer(asking);
    const { last, lines } = linesOf(answer.val);
    if (answer.t !== 'snapshot') {
      context.err(`qnctl logs: ${formatMessage(answer, 'log', isJson)}`);
      return exitCodes.failed;
    }
    for (const line of lines) context.out(isJson ? line : describeLine(line));
    after = last < after ? 0 : last; // The node began another life.
    if (!isFollowing) return exitCodes.ok;
    await sleep(context.clock, followMs, context.signal);
    if (context.signal.aborted) return exitCodes.ok;
  }
}

async function say({ context, session, node }: Asking, verb: 'notify' | 'query', message: Message): Promise<ExitCode> {
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) return exitCodes.bug;
  const topic = formatTopic(session.root, node, verb, 'log');
  const published = await session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain: false });
  return published.ok ? exitCodes.ok : tellUnpublished(context, published.error);
}

/** The one that ends it. */
async function answerTo({ context, session, inbox }: Asking, id: bigint): Promise<Message | undefined> {
  const untilMs = context.clock.monotonicMs() + session.timeoutMs;
  for (;;) {
    const message = await inbox.next(untilMs - context.clock.monotonicMs());
    if (message === undefined || message.id === id) return message;
  }
}

function noAnswer({ context, session, inbox, node }: Asking): ExitCode {
  if (inbox.isOver) return exitCodes.unavailable;
  context.err(`qnctl logs: no answer from ${node} within ${session.timeoutMs} ms; try: qnctl health ${node}`);
  return exitCodes.unavailable;
}

function linesOf(val: Value | undefined): { readonly last: number; readonly lines: readonly string[] } {
  const { last, lines } = fieldsOf(val);
  return {
    last: typeof last === 'number' ? last : 0,
    lines: Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [],
  };
}

const known = new Set(['level', 'time', 'message', 'event', 'service', 'env', 'node']);

/** `2026-11-25T20:00:00.000Z warn  connection lost  kind=closed`. */
function describeLine(text: string): string {
  const { level = '', time = 0, message = '', ...fields } = JSON.parse(text);
  const rest = Object.entries(fields).filter(([name]) => !known.has(name));
  const pairs = rest.map(([name, value]) => `${name}=${oneLine(value)}`);
  return [new Date(Number(time)).toISOString(), String(level).padEnd(5), oneLine(message), ...pairs].join(' ');
}

/** What a stranger has sent must not begin a line of its own. */
function oneLine(value: unknown): string {
  return typeof value === 'string' && !value.includes('\n') ? value : JSON.stringify(value);
}
