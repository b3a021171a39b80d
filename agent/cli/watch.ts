import { parseDuration } from '../config/duration.ts';
import { isDocumentName, isNodeName } from '../qn/topic.ts';
import { refusalText } from './decode.ts';
import { Inbox } from './inbox.ts';
import { decodeAny, formatMessage } from './message-text.ts';
import { openSession, sessionOptions } from './session.ts';
import { exitCodes, isSet, textOption, type Verb } from './verb.ts';

const watchedVerbs = ['state', 'delta', 'event', 'ack', 'health'] as const;

export const watchVerb: Verb = {
  name: 'watch',
  operands: 'NODE [DOCUMENT]',
  operandCountMin: 1,
  operandCountMax: 2,
  summary: 'Prints everything a node says, until Ctrl-C.',
  options: {
    ...sessionOptions,
    for: { type: 'string', placeholder: 'DURATION', help: 'stop after this long' },
    count: { type: 'string', placeholder: 'N', help: 'stop after so many messages' },
  },
  examples: ['qnctl watch pi-1', 'qnctl watch pi-1 gpio.button1 --json', 'qnctl watch pi-1 --for 10s'],
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
    const inbox = new Inbox<string>(context);
    const filters = ({ root }: { root: string }) =>
      watchedVerbs.map((verb) => `${root}/${node}/${verb}/${document ?? '+'}`);
    const isJson = isSet(options, 'json');
    const opened = await openSession(context, options, filters, {
      onMessage({ topic, payload }) {
        const decoded = decodeAny(payload, context.clock.wallMs());
        const name = topic.slice(topic.lastIndexOf('/') + 1);
        if (decoded.ok) inbox.add(formatMessage(decoded.value, name, isJson));
        else inbox.add(isJson ? refusalText(decoded.error) : `${name}: ${decoded.error.reason}`);
      },
      onLost: () => inbox.close(),
    });
    if (!opened.ok) return opened.error;
    await using _session = opened.value;
    const untilMs = context.clock.monotonicMs() + durationMs;
    for (let seen = 0; seen < count; seen += 1) {
      const line = await inbox.next(untilMs - context.clock.monotonicMs());
      if (line === undefined) break;
      context.out(line);
    }
    return inbox.isClosed ? exitCodes.unavailable : exitCodes.ok;
  },
};
