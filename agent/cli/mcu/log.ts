import { parseDuration } from '../../config/duration.ts';
import type { Message } from '../../qn/message.ts';
import { formatTopic, isDocumentName, isNodeName } from '../../qn/topic.ts';
import { fieldsOf } from '../../qn/value.ts';
import type { Action } from '../actions.ts';
import { Inbox } from '../inbox.ts';
import { formatMessage, plainText } from '../message-text.ts';
import { hearInto, openSession } from '../session.ts';
import { exitCodes, isSet, textOption } from '../verb.ts';

/** What the firmware says, and the life of the link, from now on. */
export const mcuLog: Action = {
  name: 'log',
  operands: 'NODE [MCU]',
  async run(context, [node = '', document], options) {
    if (!isNodeName(node) || (document !== undefined && !isDocumentName(document))) {
      context.err(`qnctl mcu log: not a node and a document: ${node} ${document ?? ''}; write pi-1 firmware.mcu0`);
      return exitCodes.usage;
    }
    const length = textOption(options, 'for');
    const forMs = length === undefined ? Infinity : parseDuration(length);
    if (forMs === undefined) {
      context.err(`qnctl mcu log: not a duration: ${length}; write it like 10s`);
      return exitCodes.usage;
    }
    const inbox = new Inbox<Message>(context);
    const filters = ({ root }: { readonly root: string }) => [formatTopic(root, node, 'event', document ?? '+')];
    const opened = await openSession(context, options, filters, hearInto(inbox, context.clock));
    if (!opened.ok) return opened.error;
    await using _session = opened.value;
    const untilMs = context.clock.monotonicMs() + forMs;
    for (;;) {
      const message = await inbox.next(untilMs - context.clock.monotonicMs());
      if (message === undefined) break;
      const line = lineOf(message, isSet(options, 'json'));
      if (line !== undefined) context.out(line);
    }
    return inbox.isClosed ? exitCodes.unavailable : exitCodes.ok;
  },
};

/** `firmware.mcu0  warning  no sensor`; undefined for the events of everything else on the board. */
function lineOf(message: Message, isJson: boolean): string | undefined {
  const { val, doc = '' } = message;
  const { log, link, why } = fieldsOf(val);
  if (log === undefined && link === undefined) return undefined;
  if (isJson) return formatMessage(message, doc, true);
  if (log === undefined) return `${doc}  link ${plainText(link)}${why === undefined ? '' : `: ${plainText(why)}`}`;
  const { level, text } = fieldsOf(log);
  return `${doc}  ${plainText(level)}  ${plainText(text)}`;
}
