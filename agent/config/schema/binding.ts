import * as v from 'valibot';
import { bindingMapEntriesMax, documentNameBytesMax, topicBytesMax } from '../../limits.ts';
import { isTopicFilter } from '../../mqtt/topic-filter.ts';
import type { Value } from '../../qn/message.ts';
import type { BindingConfig } from '../config.ts';
import { parsePointer } from '../json-pointer.ts';
import { describeInput, message, quote } from './issue.ts';
import { text } from './scalar.ts';
import { mapOf, section } from './section.ts';

const filter = v.pipe(
  v.string(({ input }) =>
    message(`expected a topic filter, found ${describeInput(input)}`, 'for example "factory/+/stop"'),
  ),
  v.check(isTopicFilter, ({ input }) =>
    message(`not a topic filter: ${quote(input)}`, '+ stands for one whole level, # only at the end'),
  ),
  v.check((input) => !input.startsWith('$share/'), 'shared subscriptions are not supported by this version'),
  v.maxBytes(topicBytesMax, `the topic filter is longer than ${topicBytesMax} bytes`),
  v.description('Topic filter to subscribe to; + and # are allowed.'),
);

const select = v.pipe(
  v.string(({ input }) => message(`expected a JSON pointer, found ${describeInput(input)}`, 'for example /pressed')),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const pointer = parsePointer(dataset.value);
    if (!pointer.ok) addIssue({ message: message(pointer.error, 'for example /values/0/pressed') });
  }),
  v.maxBytes(topicBytesMax, `the JSON pointer is longer than ${topicBytesMax} bytes`),
  v.description('JSON pointer (RFC 6901) into the payload; absent: the whole payload.'),
);

const value = v.custom<Value>(isSayable, ({ input }) => `not a value JSON can say: ${describeInput(input)}`);

const map = v.pipe(
  mapOf(v.string(), value),
  v.minEntries(
    1,
    message('an empty map refuses everything', 'remove it, or write what to send, for example "true": off'),
  ),
  v.maxEntries(bindingMapEntriesMax, `more than ${bindingMapEntriesMax} entries`),
  v.description('From what was picked, as text, to what is sent on; anything else is refused.'),
);

export const binding = v.pipe(
  section(
    {
      on: filter,
      select: v.optional(select),
      map: v.optional(map),
      to: v.pipe(text('the name of a document', documentNameBytesMax), v.description('A document of this board.')),
    },
    { example: { on: 'on: "factory/+/stop"', to: 'to: gpio.relay1' } },
  ),
  v.transform(
    (input): BindingConfig => ({
      on: input.on,
      to: input.to,
      ...(input.select !== undefined && { select: input.select }),
      ...(input.map !== undefined && { map: input.map }),
    }),
  ),
);

function isSayable(input: unknown): boolean {
  if (typeof input === 'number') return Number.isFinite(input);
  if (typeof input !== 'object' || input === null) return input !== undefined;
  return Object.values(input).every(isSayable);
}
