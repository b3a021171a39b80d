import * as v from 'valibot';
import * as limits from '../../limits.ts';
import { isTopicRoot } from '../../qn/topic.ts';
import { broker } from './broker.ts';
import { message, quote } from './issue.ts';
import { choice, listOf, text } from './scalar.ts';
import { secret } from './secret.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

const root = v.pipe(
  text('a topic root', limits.topicRootBytesMax),
  v.check(isTopicRoot, ({ input }) =>
    message(`not a topic root: ${quote(input)}`, '1 to 8 levels without +, # and spaces, for example qn/1'),
  ),
  v.description('In front of every topic of the agent.'),
);

const brokers = v.pipe(
  listOf(broker, 'brokers', limits.brokersMax, '[{ url: "mqtts://broker.example:8883" }]'),
  v.checkItems(
    ({ url }, index, list) => list.findIndex((other) => other.url === url) === index,
    message('the same broker twice', 'remove one of them'),
  ),
  v.minLength(1, message('no broker', 'write brokers: [{ url: "mqtts://broker.example:8883" }]')),
  v.description('One is used at a time: the one with the highest weight × health.'),
);

const keepalive = duration({
  about: 'Silence after which the broker is asked whether it is still there.',
  example: '30s',
  msMin: limits.keepaliveSecondsMin * 1_000,
  msMax: limits.keepaliveSecondsMax * 1_000,
});

const fields = section(
  {
    root: v.optional(root, 'qn/1'),
    brokers,
    username: v.optional(v.pipe(text('a user name', 256), v.description('For all brokers.'))),
    password: v.optional(secret),
    'client-id': v.optional(
      v.pipe(text('a client id', limits.clientIdBytesMax), v.description('Default: the name of the node.')),
    ),
    acks: v.optional(
      v.pipe(choice(['all', 'final']), v.description('Tell each state of a command, or only the one it ends in.')),
      'all',
    ),
    encoding: v.optional(
      v.pipe(
        choice(['json', 'cbor']),
        v.description('Of what the agent says by itself; answers use that of the question.'),
      ),
      'json',
    ),
    keepalive: v.optional(keepalive, `${limits.keepaliveSeconds}s`),
  },
  { example: { brokers: 'brokers: [{ url: "mqtts://broker.example:8883" }]' } },
);

export const mqttSection = v.pipe(
  fields,
  v.forward(
    v.check(
      ({ username, password }) => password === undefined || username !== undefined,
      message('a password without a user name', 'write username: …'),
    ),
    ['password'],
  ),
  v.description('The way to the brokers.'),
);
