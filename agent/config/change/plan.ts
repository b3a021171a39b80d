import type { Value } from '../../qn/message.ts';
import type { BrokerConfig, Config, DocumentConfig } from '../config.ts';
import { type LevelChange, levelChanges } from './levels.ts';

/**
 * relabelled: nothing that its driver notices · ruled: other rules for a line that stays in our hands, and as it is ·
 * reopened: closed and opened again.
 */
export interface DocumentChange {
  readonly name: string;
  readonly how: 'added' | 'removed' | 'relabelled' | 'ruled' | 'reopened';
}

export interface BrokerChange {
  readonly url: string;
  readonly how: 'added' | 'removed' | 'changed';
  /** What of it differs: `weight`, `ca`, `key` … */
  readonly keys: readonly string[];
}

/** What goes over from one config to another, and what cannot. */
export interface ConfigPlan {
  readonly documents: readonly DocumentChange[];
  readonly levels: readonly LevelChange[];
  readonly brokers: readonly BrokerChange[];
  /** Settings of the way to the brokers, credentials among them; with any of them the agent connects anew. */
  readonly link: readonly string[];
  /** Settings that are taken over in place. */
  readonly settings: readonly string[];
  /** Settings that hold for the life of the process: with any of them the change is refused. */
  readonly restart: readonly string[];
}

/** Pure. `valueOf`: the value a document has now, where it is known. */
export function planChange(from: Config, to: Config, valueOf: (document: string) => Value | undefined): ConfigPlan {
  const documents = documentChanges(from, to);
  const touched = documents.filter(({ how }) => how !== 'relabelled' && how !== 'ruled');
  const exchanged = touched.map(({ name }) => {
    const [old, next] = [from.documents[name], to.documents[name]];
    return { name, ...(old !== undefined && { from: old }), ...(next !== undefined && { to: next }) };
  });
  return {
    documents,
    levels: levelChanges(exchanged, valueOf),
    brokers: brokerChanges(from.mqtt.brokers, to.mqtt.brokers),
    link: changedKeys(linkSettings(from), linkSettings(to)),
    settings: changedKeys(liveSettings(from), liveSettings(to)),
    restart: changedKeys(fixedSettings(from), fixedSettings(to)),
  };
}

export function isEmptyPlan({ documents, link, settings, restart }: ConfigPlan): boolean {
  return [documents, link, settings, restart].every(({ length }) => length === 0);
}

type Settings = { readonly [name: string]: unknown };

function linkSettings({ mqtt, groups, bindings, homeAssistant }: Config): Settings {
  const { brokers, username, password, clientId, keepaliveSeconds } = mqtt;
  return {
    'mqtt.brokers': brokers,
    'mqtt.username': username,
    'mqtt.password': password,
    'mqtt.client-id': clientId,
    'mqtt.keepalive': keepaliveSeconds,
    groups, // What is subscribed to.
    bindings: [...new Set(bindings.map(({ on }) => on))].toSorted(),
    'home-assistant': homeAssistant?.prefix,
  };
}

function liveSettings({ mqtt, bindings, http, homeAssistant, health, log, overAir, trust }: Config): Settings {
  return {
    'mqtt.acks': mqtt.acks,
    'mqtt.encoding': mqtt.encoding,
    bindings,
    http,
    'home-assistant': homeAssistant,
    'health.interval': health.intervalMs,
    'log.level': log.level,
    config: overAir,
    trust,
  };
}

function fixedSettings({ node, mqtt, gpio, pool, log, stateFolder }: Config): Settings {
  const { environment } = log;
  return { node, 'mqtt.root': mqtt.root, gpio, pool, 'log.environment': environment, 'state-folder': stateFolder };
}

function brokerChanges(from: readonly BrokerConfig[], to: readonly BrokerConfig[]): readonly BrokerChange[] {
  const urls = [...new Set([...from, ...to].map(({ url }) => url))];
  return urls.flatMap((url): readonly BrokerChange[] => {
    const [old, next] = [from, to].map((brokers) => brokers.find((broker) => broker.url === url));
    if (old === undefined || next === undefined)
      return [{ url, how: old === undefined ? 'added' : 'removed', keys: [] }];
    const keys = changedKeys(allKeys(old, next), { ...next });
    return keys.length === 0 ? [] : [{ url, how: 'changed', keys }];
  });
}

function changedKeys(from: Settings, to: Settings): readonly string[] {
  return Object.keys(from).filter((key) => !isSame(from[key], to[key]));
}

function documentChanges(from: Config, to: Config): readonly DocumentChange[] {
  const names = [...new Set([...Object.keys(from.documents), ...Object.keys(to.documents)])];
  const alone = new Map(
    names.flatMap((name) => {
      const how = documentChange(from.documents[name], to.documents[name]);
      return how === undefined ? [] : [[name, how] as const];
    }),
  );
  return names.flatMap((name): readonly DocumentChange[] => {
    const how = alone.get(name);
    const isSwept = leansOn(to.documents[name]).some((other) => isClosed(alone.get(other)));
    if (isSwept && (how === undefined || how === 'relabelled')) return [{ name, how: 'reopened' }];
    return how === undefined ? [] : [{ name, how }];
  });
}

function isClosed(how: DocumentChange['how'] | undefined): boolean {
  return how === 'removed' || how === 'reopened' || how === 'added';
}

/** Other documents whose driver this one uses: it is opened after them, and again when they are. */
function leansOn(config: DocumentConfig | undefined): readonly string[] {
  return config !== undefined && 'bus' in config ? [config.bus] : [];
}

/** Keys of a document that only dispatch reads, anew with every message. */
const labels: ReadonlySet<string> = new Set(['number', 'priority', 'retained', 'outbox', 'journal', 'control']);
/** Keys of an output that are rules for its line: the line itself does not notice. */
const rules: ReadonlySet<string> = new Set(['safe', 'maxOnMs', 'minDwellMs', 'interlock', 'priority']);

function documentChange(
  from: DocumentConfig | undefined,
  to: DocumentConfig | undefined,
): DocumentChange['how'] | undefined {
  if (from === undefined) return to === undefined ? undefined : 'added';
  if (to === undefined) return 'removed';
  const keys = changedKeys(allKeys(from, to), { ...to });
  const others = keys.filter((key) => !labels.has(key) || (key === 'priority' && hasDwell(to)));
  if (keys.length === 0) return undefined;
  // The documents behind a microcontroller have their numbers and priority from it.
  if (others.length === 0) return to.driver === 'mcu' ? 'reopened' : 'relabelled';
  return from.driver === 'gpio-out' && others.every((key) => rules.has(key)) ? 'ruled' : 'reopened';
}

/** An emergency stop does not wait for it. */
function hasDwell(config: DocumentConfig): boolean {
  return config.driver === 'gpio-out' && config.minDwellMs > 0;
}

function allKeys(from: object, to: object): Settings {
  const absent = Object.keys(to).map((key) => [key, undefined] as const);
  return { ...Object.fromEntries(absent), ...from };
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
