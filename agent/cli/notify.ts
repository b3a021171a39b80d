import { parseDuration } from '../config/duration.ts';
import { isTerminal } from '../dispatch/lifecycle.ts';
import type { Message, Notify } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import { createIdSource } from '../qn/snowflake.ts';
import { formatTopic } from '../qn/topic.ts';
import { actuateLifeMsMax } from '../trust/limits.ts';
import { Inbox } from './inbox.ts';
import { formatMessage, parseTypedValue } from './message-text.ts';
import { checkNames } from './names.ts';
import { hearInto, openSession, type Session, sessionOptions, tellUnpublished } from './session.ts';
import { keyOption, signIfAsked } from './signing.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption, type Verb } from './verb.ts';

export const notifyVerb: Verb = {
  name: 'notify',
  operands: 'NODE DOCUMENT VALUE',
  summary: 'Sends a command and waits for what became of it.',
  options: {
    ...sessionOptions,
    ...keyOption,
    ttl: { type: 'string', placeholder: 'DURATION', help: 'not executed when it is older than this on arrival' },
    encoding: { type: 'string', placeholder: 'json|cbor', help: 'how the command is sent (default json)' },
  },
  examples: ['qnctl notify pi-1 gpio.relay1 ON', `qnctl notify pi-1 serial.scale '"TARE"' --ttl 2s`],
  exits: {
    0: 'successful',
    1: 'it ended otherwise, and that was printed',
    65: 'the key cannot be used, or the value is too large',
    69: 'no broker, or no end in time',
  },
  busy: 'waiting for what becomes of the command',
  async run(context, operands, options) {
    const names = checkNames(context, operands);
    if (!names.ok) return names.error;
    const { node, document } = names.value;
    const val = parseTypedValue(operands[2] ?? '');
    const ttl = parseTtl(options);
    const encoding = textOption(options, 'encoding') ?? 'json';
    if (!val.ok || ttl === 'invalid' || (encoding !== 'json' && encoding !== 'cbor')) {
      context.err('qnctl notify: a value is needed; --ttl is written like 2s, --encoding is json or cbor');
      return exitCodes.usage;
    }
    const inbox = new Inbox<Message>(context);
    const ackFilter = ({ root }: { root: string }) => [formatTopic(root, node, 'ack', document)];
    const opened = await openSession(context, options, ackFilter, hearInto(inbox, context.clock));
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const id = createIdSource({ clock: context.clock, nodeName: session.name }).next();
    const stamp = { id, src: session.name, ts: context.clock.wallMs(), clk: 'estimated' } as const;
    const notify: Notify = { t: 'notify', ...stamp, val: val.value, ...(ttl === undefined ? {} : { ttl }) };
    const lifeMs = Math.min(ttl ?? tokenLifeMsDefault, actuateLifeMsMax);
    const how = { target: node, document, issuedMs: context.clock.wallMs(), lifeMs };
    const signed = await signIfAsked(context, options, notify, how);
    if (!signed.ok) {
      context.err(`qnctl notify: ${signed.error}`);
      return exitCodes.data;
    }
    const encoded = encodeMessage(signed.value, encoding);
    if (!encoded.ok) {
      context.err(`qnctl notify: ${encoded.error.detail}`);
      return exitCodes.data;
    }
    const topic = formatTopic(session.root, node, 'notify', document);
    const published = await session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain: false });
    if (!published.ok) return tellUnpublished(context, published.error);
    return await followAcks(context, session, inbox, { id, node, document, isJson: isSet(options, 'json') });
  },
};

/** A token of a command counts for so long, also where the clocks of the two are a little apart. */
const tokenLifeMsDefault = 60_000;

/** In whole milliseconds, as the protocol has it. */
function parseTtl(options: OptionValues): number | undefined | 'invalid' {
  const text = textOption(options, 'ttl');
  const ttl = text === undefined ? undefined : Math.ceil(parseDuration(text) ?? Number.NaN);
  return ttl === undefined || Number.isSafeInteger(ttl) ? ttl : 'invalid';
}

/** The board cannot find that out: nobody but others may publish there. */
const deafHint =
  'the broker may keep commands from it: qn-agent topics --acl says which rights it needs, and RabbitMQ brings none for a name with a dot';

interface Sent {
  readonly id: bigint;
  readonly node: string;
  readonly document: string;
  readonly isJson: boolean;
}

async function followAcks(context: CliContext, session: Session, inbox: Inbox<Message>, sent: Sent): Promise<ExitCode> {
  const untilMs = context.clock.monotonicMs() + session.timeoutMs;
  let isHeard = false;
  for (;;) {
    const message = await inbox.next(untilMs - context.clock.monotonicMs());
    if (message === undefined) break;
    if (message.t !== 'ack' || message.id !== sent.id) continue;
    isHeard = true;
    context.out(formatMessage(message, sent.document, sent.isJson));
    if (isTerminal(message.st)) return message.st === 'successful' ? exitCodes.ok : exitCodes.failed;
  }
  if (inbox.isClosed) context.err(`qnctl notify: ${sent.node} may carry it out`);
  if (inbox.isClosed) return exitCodes.unavailable;
  const { node } = sent;
  const within = `within ${session.timeoutMs} ms`;
  const late = isHeard
    ? `took it, and did not say how it ended ${within}; where it takes longer, as a long pulse does, say --timeout; else try: qnctl health ${node}`
    : `did not say what became of it ${within}; try: qnctl health ${node}; where that is online, ${deafHint}`;
  const isAborted = context.signal.aborted;
  context.err(`qnctl notify: ${isAborted ? 'interrupted; ' : ''}${node} ${isAborted ? 'may carry it out' : late}`);
  return exitCodes.unavailable;
}
