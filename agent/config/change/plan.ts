import { formatLine } from '../../../drivers/contract/digital.ts';
import { safeAction } from '../../../drivers/safe-state.ts';
import { levelOf } from '../../documents/level.ts';
import type { Config, DocumentConfig, GpioOutConfig } from '../config.ts';

/**
 * relabelled: nothing that its driver notices · ruled: other rules for a line that stays in our hands, and as it is ·
 * reopened: closed and opened again.
 */
export interface DocumentChange {
  readonly name: string;
  readonly how: 'added' | 'removed' | 'relabelled' | 'ruled' | 'reopened';
}

export type Level = 'high' | 'low';

/** What a meter at the line would see. */
export interface LevelChange {
  readonly document: string;
  readonly line: string;
  /** Absent: nobody of this agent drives it now. */
  readonly from?: Level;
  /** In order; the last one stays. */
  readonly to: readonly Level[];
}

/** What goes over from one config to another, and what cannot. */
export interface ConfigPlan {
  readonly documents: readonly DocumentChange[];
  readonly levels: readonly LevelChange[];
  /** Settings of the way to the brokers; with any of them the agent connects anew. */
  readonly link: readonly string[];
  /** Settings that are taken over in place. */
  readonly settings: readonly string[];
  /** Settings that hold for the life of the process: with any of them the change is refused. */
  readonly restart: readonly string[];
}

/** Pure. `isOn`: the state of an output of now, where it is known. */
export function planChange(from: Config, to: Config, isOn: (document: string) => boolean | undefined): ConfigPlan {
  const documents = documentChanges(from, to);
  return {
    documents,
    levels: documents.flatMap((change) => levelChange(change, from, to, isOn)),
    link: changedKeys(linkSettings(from), linkSettings(to)),
    settings: changedKeys(liveSettings(from), liveSettings(to)),
    restart: changedKeys(fixedSettings(from), fixedSettings(to)),
  };
}

export function isEmptyPlan({ documents, link, settings, restart }: ConfigPlan): boolean {
  return [documents, link, settings, restart].every(({ length }) => length === 0);
}

type Settings = { readonly [name: string]: unknown };

function linkSettings({ mqtt, groups, bindings }: Config): Settings {
  const { brokers, username, password, clientId, keepaliveSeconds } = mqtt;
  return {
    'mqtt.brokers': brokers,
    'mqtt.username': username,
    'mqtt.password': password,
    'mqtt.client-id': clientId,
    'mqtt.keepalive': keepaliveSeconds,
    groups, // What is subscribed to.
    bindings: [...new Set(bindings.map(({ on }) => on))].toSorted(),
  };
}

function liveSettings({ mqtt, bindings, http, health, log, overAir, trust }: Config): Settings {
  return {
    'mqtt.acks': mqtt.acks,
    'mqtt.encoding': mqtt.encoding,
    bindings,
    http,
    'health.interval': health.intervalMs,
    'log.level': log.level,
    config: overAir,
    trust,
  };
}

function fixedSettings({ node, mqtt, gpio, pool, stateFolder }: Config): Settings {
  return { node, 'mqtt.root': mqtt.root, gpio, pool, 'state-folder': stateFolder };
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
const rules: ReadonlySet<string> = new Set(['safe', 'maxOnMs', 'minDwellMs', 'interlock']);

function documentChange(
  from: DocumentConfig | undefined,
  to: DocumentConfig | undefined,
): DocumentChange['how'] | undefined {
  if (from === undefined) return to === undefined ? undefined : 'added';
  if (to === undefined) return 'removed';
  const keys = changedKeys(allKeys(from, to), { ...to });
  const others = keys.filter((key) => !labels.has(key));
  if (keys.length === 0) return undefined;
  // The documents behind a microcontroller have their numbers and priority from it.
  if (others.length === 0) return to.driver === 'mcu' ? 'reopened' : 'relabelled';
  return from.driver === 'gpio-out' && others.every((key) => rules.has(key)) ? 'ruled' : 'reopened';
}

function allKeys(from: DocumentConfig, to: DocumentConfig): Settings {
  const absent = Object.keys(to).map((key) => [key, undefined] as const);
  return { ...Object.fromEntries(absent), ...from };
}

function levelChange(
  { name, how }: DocumentChange,
  from: Config,
  to: Config,
  isOn: (document: string) => boolean | undefined,
): readonly LevelChange[] {
  if (how === 'relabelled' || how === 'ruled') return [];
  const old = outputOf(from, name);
  const next = outputOf(to, name);
  const states = [
    old === undefined ? undefined : stateAt(old, 'exit'),
    next === undefined ? undefined : stateAt(next, 'boot'),
  ];
  const now = old === undefined ? undefined : isOn(name);
  const before = old === undefined || now === undefined ? undefined : levelName(old, now);
  const driven = states.flatMap((level) => level ?? []);
  const steps = driven.filter((level, index) => level !== (index === 0 ? before : driven[index - 1]));
  const line = next ?? old;
  if (line === undefined || steps.length === 0) return [];
  return [{ document: name, line: formatLine(line.line), ...(before !== undefined && { from: before }), to: steps }];
}

function outputOf(config: Config, name: string): GpioOutConfig | undefined {
  const document = config.documents[name];
  return document?.driver === 'gpio-out' ? document : undefined;
}

/** Undefined: it is left as it is. */
function stateAt(output: GpioOutConfig, situation: 'boot' | 'exit'): Level | undefined {
  const action = safeAction(situation, output.safe);
  return action.do === 'drive' ? levelName(output, action.on) : undefined;
}

function levelName(output: GpioOutConfig, on: boolean): Level {
  return levelOf(output, on) === 1 ? 'high' : 'low';
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
