import type { Message } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import { createIdSource } from '../qn/snowflake.ts';
import { formatTopic } from '../qn/topic.ts';
import { Inbox } from './inbox.ts';
import { formatMessage } from './message-text.ts';
import { checkNames, replyTopicTo } from './names.ts';
import { hearInto, openSession, sessionOptions, tellUnpublished } from './session.ts';
import { exitCodes, isSet, type Verb } from './verb.ts';

export const queryVerb: Verb = {
  name: 'query',
  operands: 'NODE DOCUMENT',
  summary: 'Asks a node for the value of a document.',
  options: sessionOptions,
  examples: ['qnctl query pi-1 gpio.relay1', 'qnctl query pi-1 selftest --json'],
  exits: { 0: 'the value was printed', 1: 'the node refused, and said why', 69: 'no broker, or no answer in time' },
  busy: 'waiting for the answer of the node',
  async run(context, operands, options) {
    const names = checkNames(context, operands);
    if (!names.ok) return names.error;
    const { node, document } = names.value;
    const inbox = new Inbox<Message>(context);
    const replyFilter = (own: { root: string; name: string }) => [replyTopicTo(own.root, own.name, document)];
    const opened = await openSession(context, options, replyFilter, hearInto(inbox, context.clock));
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const { root, name, timeoutMs } = session;
    const id = createIdSource({ clock: context.clock, nodeName: name }).next();
    const query: Message = { t: 'query', id, src: name, reply: replyTopicTo(root, name, document) };
    const encoded = encodeMessage(query, 'json');
    if (!encoded.ok) return exitCodes.bug;
    const payload = encoded.value.bytes;
    const topic = formatTopic(root, node, 'query', document);
    const published = await session.publish({ topic, payload, qos: 1, retain: false });
    if (!published.ok) return tellUnpublished(context, published.error);
    const answer = await inbox.next(timeoutMs);
    if (answer === undefined && inbox.isOver) return exitCodes.unavailable;
    if (answer === undefined) {
      context.err(`qnctl query: no answer from ${node} within ${timeoutMs} ms; try: qnctl health ${node}`);
      return exitCodes.unavailable;
    }
    context.out(formatMessage(answer, document, isSet(options, 'json')));
    return answer.t === 'snapshot' ? exitCodes.ok : exitCodes.failed;
  },
};
