import type { BindingConfig, Config } from '../config/config.ts';
import { FoundRows } from '../documents/found-rows.ts';
import { type ConfiguredRow, createRow, type Row } from '../documents/row.ts';
import { homeAssistantFilters } from '../home-assistant/topics.ts';
import { matchesFilter } from '../mqtt/topic-filter.ts';
import { formatTopic, parseTopic } from '../qn/topic.ts';

/** Where an incoming message goes. */
export type Route =
  | { readonly to: 'notify' | 'query'; readonly row: Row }
  | { readonly to: 'binding'; readonly row: Row; readonly binding: BindingConfig }
  /** A value the agent keeps itself (`selftest`, `channels`, `config`); some of them take commands. */
  | { readonly to: 'own'; readonly verb: 'notify' | 'query'; readonly document: string }
  /** One of our topics, well formed, but there is no such document here. */
  | { readonly to: 'nobody'; readonly verb: 'notify' | 'query'; readonly document: string };

export function isQuery(route: Route): boolean {
  return route.to === 'query' || ('verb' in route && route.verb === 'query');
}

export interface DocumentTable {
  readonly rows: readonly ConfiguredRow[];
  /** What the devices behind the rows brought with them; the only part that changes. */
  readonly found: FoundRows;
  /** The topic filters that bring everything the routes know. */
  readonly filters: readonly string[];
  /** Those that bring the commands for emergency documents, and little else. */
  readonly emergencyFilters: readonly string[];
  /** Empty when the topic is none of ours. */
  routes(topic: string): readonly Route[];
}

/** Documents that every board has without configuring them. */
export const ownDocuments = ['selftest', 'channels', 'config', 'log'] as const;

/** Builds the table: config in, routes out. Nothing registers itself; `found` is what is behind the documents. */
export function createTable(config: Config, found: FoundRows = new FoundRows()): DocumentTable {
  const { root } = config.mqtt;
  const rows = Object.entries(config.documents).map(([name, document]) => createRow(name, document));
  const targets = [config.node, '@all', ...config.groups.map((group) => `@${group}`)]; // QN-1.2
  const exact = new Map<string, readonly Route[]>();
  for (const target of targets) {
    for (const row of rows) {
      exact.set(formatTopic(root, target, 'notify', row.name), [{ to: 'notify', row }]);
      exact.set(formatTopic(root, target, 'query', row.name), [{ to: 'query', row }]);
    }
    for (const document of ownDocuments) {
      exact.set(formatTopic(root, target, 'notify', document), [{ to: 'own', verb: 'notify', document }]);
      exact.set(formatTopic(root, target, 'query', document), [{ to: 'own', verb: 'query', document }]);
    }
  }
  const foreign = config.bindings;
  const bindingRoute = (binding: BindingConfig): readonly Route[] => {
    const row = rows.find(({ name }) => name === binding.to) ?? found.get(binding.to);
    return row === undefined ? [] : [{ to: 'binding', row, binding }];
  };
  const { homeAssistant } = config;
  const strangers = homeAssistant === undefined ? [] : homeAssistantFilters(homeAssistant, config.node);
  const ownFilters = targets.flatMap((target) => [`${root}/${target}/notify/+`, `${root}/${target}/query/+`]);
  const emergencyFilters = () => {
    const names = new Set([...rows, ...found.all()].filter(({ isEmergency }) => isEmergency).map(({ name }) => name));
    const topics = targets.flatMap((target) => [...names].map((name) => formatTopic(root, target, 'notify', name)));
    return [...new Set([...topics, ...foreign.filter(({ to }) => names.has(to)).map(({ on }) => on)])];
  };
  return Object.freeze({
    rows: Object.freeze(rows),
    found,
    filters: [...new Set([...ownFilters, ...foreign.map(({ on }) => on), ...strangers])],
    get emergencyFilters() {
      return emergencyFilters();
    },
    routes(topic: string) {
      const known = exact.get(topic) ?? foundRoute(root, topic, targets, found);
      if (known !== undefined && foreign.length === 0) return known;
      const isEcho = isOwnVoice(root, config.node, topic);
      const bound = isEcho ? [] : foreign.filter(({ on }) => matchesFilter(on, topic)).flatMap(bindingRoute);
      if (known !== undefined || bound.length > 0) return [...(known ?? []), ...bound];
      return unknownDocument(root, topic, targets);
    },
  });
}

/** What this node says itself: a binding to `#` would answer every ack of ours with another one, for ever. */
function isOwnVoice(root: string, node: string, text: string): boolean {
  const topic = parseTopic(root, text);
  return topic?.target === node && topic.verb !== 'notify' && topic.verb !== 'query';
}

/** Nothing of a stranger's topic is kept: the name is looked up among those the devices told. */
function foundRoute(
  root: string,
  text: string,
  targets: readonly string[],
  found: FoundRows,
): readonly Route[] | undefined {
  const topic = parseTopic(root, text);
  const row = topic !== undefined && targets.includes(topic.target) ? found.get(topic.document) : undefined;
  if (topic === undefined || row === undefined) return undefined;
  return topic.verb === 'notify' || topic.verb === 'query' ? [{ to: topic.verb, row }] : undefined;
}

function unknownDocument(root: string, text: string, targets: readonly string[]): readonly Route[] {
  const topic = parseTopic(root, text);
  if (topic === undefined || !targets.includes(topic.target)) return [];
  if (topic.verb !== 'notify' && topic.verb !== 'query') return [];
  return [{ to: 'nobody', verb: topic.verb, document: topic.document }];
}
