import * as v from 'valibot';
import * as limits from '../limits.ts';
import { isNodeName } from '../qn/topic.ts';
import type { Config } from './config.ts';
import { formatDuration } from './duration.ts';
import { binding } from './schema/binding.ts';
import { document, documentName } from './schema/document.ts';
import { homeAssistantSection, toHomeAssistantConfig } from './schema/home-assistant.ts';
import { httpSection, toHttpConfig } from './schema/http.ts';
import { message, quote } from './schema/issue.ts';
import { mqttSection } from './schema/mqtt.ts';
import { overAirSection } from './schema/over-air.ts';
import { absolutePath, choice, listOf, text } from './schema/scalar.ts';
import { mapOf, section } from './schema/section.ts';
import { trustSection } from './schema/trust.ts';
import { duration } from './schema/unit.ts';

const nameRule = 'a-z, 0-9, - and _, beginning with a letter or digit, at most 63';

const node = v.pipe(
  text('the name of the node', 63),
  v.check(isNodeName, ({ input }) => message(`not a node name: ${quote(input)}`, nameRule)), // QN-1.1
  v.description('Name of this node; the second part of its topics.'),
);

const group = v.pipe(
  text('the name of a group', 63),
  v.check(
    (name) => !name.startsWith('@'),
    ({ input }) => message(`a group is written without @: ${quote(input)}`, input.slice(1)),
  ),
  v.check(isNodeName, ({ input }) => message(`not a group name: ${quote(input)}`, nameRule)),
  v.check((name) => name !== 'all', message('every node is in all already', 'remove it')), // QN-1.2
);

const gpioFields = section({
  backend: v.optional(
    v.pipe(choice(['auto', 'gpiochip', 'sysfs', 'simulated']), v.description('How GPIO lines are reached.')),
    'auto',
  ),
  board: v.optional(
    v.pipe(absolutePath('the board folder'), v.description('Folder of a simulated board; absent: it lives in memory.')),
  ),
});

const gpio = v.pipe(
  gpioFields,
  v.forward(
    v.check(
      ({ backend, board }) => board === undefined || backend === 'simulated' || backend === 'auto',
      message('only a simulated board lies in a folder', 'write backend: simulated, or remove board'),
    ),
    ['board'],
  ),
  v.description('General purpose lines.'),
);

const interval = duration({
  about: 'Time between two health reports.',
  example: '60s',
  msMin: limits.healthIntervalMsMin,
  msMax: limits.healthIntervalMsMax,
});

const health = v.pipe(
  section({ interval: v.optional(interval, formatDuration(limits.healthIntervalMsDefault)) }),
  v.description('What the node tells of itself.'),
);

const level = v.pipe(choice(['debug', 'info', 'warn', 'error']), v.description('The least that is worth a line.'));

const logEnvironment = v.pipe(
  text('the name of an environment', 63),
  v.description('Stands as `env` in every line, for whoever collects the logs of many boards.'),
);

const log = v.pipe(
  section({ level: v.optional(level, 'info'), environment: v.optional(logEnvironment, 'production') }),
  v.description('JSON lines on standard output.'),
);

const profile = v.pipe(
  choice(['standard', 'tiny']),
  v.description('How much memory messages may take: tiny is below 48 KiB, with messages up to 4 KiB.'),
);

const pool = v.pipe(
  section({ profile: v.optional(profile, 'standard') }),
  v.description('Memory for messages, taken once at the start.'),
);

export const documentsSchema = mapOf(documentName, document);
export const tooManyDocuments = `more than ${limits.documentsMax} documents`;

/** A config file as it is written; what comes out still has the keys and the order of the file. */
export const fileSchema = section(
  {
    node,
    groups: v.optional(
      v.pipe(
        listOf(group, 'groups', limits.groupsMax),
        v.checkItems(
          (name, index, names) => names.indexOf(name) === index,
          message('the same group twice', 'remove one of them'),
        ),
        v.description('Without @. Commands to a group reach each node in it.'),
      ),
      [],
    ),
    mqtt: mqttSection,
    gpio: v.optional(gpio, {}),
    pool: v.optional(pool, {}),
    documents: v.optional(
      v.pipe(
        documentsSchema,
        v.maxEntries(limits.documentsMax, tooManyDocuments),
        v.description('What this board has: one entry per pin or serial line, by name.'),
      ),
      {},
    ),
    bindings: v.optional(
      v.pipe(
        listOf(binding, 'bindings', limits.bindingsMax, '[{ on: "factory/+/stop", to: gpio.relay1 }]'),
        v.description("Other people's topics as commands."),
      ),
      [],
    ),
    http: v.optional(httpSection),
    'home-assistant': v.optional(homeAssistantSection),
    config: v.optional(overAirSection, {}),
    trust: v.optional(trustSection, {}),
    health: v.optional(health, {}),
    log: v.optional(log, {}),
    'state-folder': v.optional(
      v.pipe(
        absolutePath('the state folder'),
        v.description('For what must survive; the agent must be able to write there.'),
      ),
      '/var/lib/qn-agent',
    ),
  },
  { example: { node: 'node: pi-42', mqtt: 'mqtt: { brokers: [{ url: "mqtts://broker.example:8883" }] }' } },
);

export type FileConfig = v.InferOutput<typeof fileSchema>;
export type GoodDocument = v.InferOutput<typeof document>;
/** Those without a fault of their own, by name. */
export type GoodDocuments = ReadonlyMap<string, GoodDocument>;

export function toConfig(file: FileConfig): Config {
  const { username, password, keepalive, 'client-id': clientId, ...mqtt } = file.mqtt;
  return {
    node: file.node,
    groups: file.groups,
    mqtt: {
      root: mqtt.root,
      brokers: mqtt.brokers.toSorted((left, right) => right.weight - left.weight),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      clientId: clientId ?? file.node,
      acks: mqtt.acks,
      encoding: mqtt.encoding,
      keepaliveSeconds: Math.round(keepalive / 1_000),
    },
    gpio: { backend: file.gpio.backend, ...(file.gpio.board !== undefined && { board: file.gpio.board }) },
    pool: { profile: file.pool.profile },
    documents: file.documents,
    bindings: file.bindings,
    ...(file['home-assistant'] !== undefined && { homeAssistant: toHomeAssistantConfig(file['home-assistant']) }),
    ...(file.http !== undefined && { http: toHttpConfig(file.http) }),
    overAir: { trust: file.config.trust, verifyMs: file.config.verify },
    trust: file.trust,
    health: { intervalMs: file.health.interval },
    log: { level: file.log.level, environment: file.log.environment },
    stateFolder: file['state-folder'],
  };
}
