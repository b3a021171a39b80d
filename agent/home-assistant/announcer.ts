import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { HomeAssistantConfig } from '../config/home-assistant.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import type { Log } from '../log.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Outgoing } from '../mqtt/outgoing.ts';
import { agentVersion } from '../version.ts';
import { type Component, type Components, componentsOf } from './components.ts';
import { homeAssistantBirthMsMax } from './limits.ts';
import { configTopics, statusTopic } from './topics.ts';

export interface AnnouncerDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly outbox: { send(message: Outgoing): boolean };
  /** What one message holds at most. */
  readonly bytesMax: number;
}

/** Describes the board to Home Assistant, on topics that are retained; says what is gone before it is left out. */
export class Announcer implements Disposable {
  readonly #dependencies: AnnouncerDependencies;
  readonly #config: Config;
  readonly #settings: HomeAssistantConfig;
  /** Platforms of entities that were told and are gone, by topic and key. */
  readonly #gone = new Map<string, Map<string, string>>(); // Of what earlier descriptions held: bounded by their size.

  #soon: Disposable | undefined;

  /** `before`: what the board was described by until now. */
  constructor(dependencies: AnnouncerDependencies, config: Config, settings: HomeAssistantConfig, before?: Announcer) {
    this.#dependencies = dependencies;
    this.#config = config;
    this.#settings = settings;
    for (const [index, part] of (before === undefined ? [] : before.#parts()).entries()) {
      const topic = this.#allTopics[index];
      const told = Object.entries(part).map(([key, { platform }]) => [key, platform] as const);
      if (topic !== undefined) this.#miss(topic, told);
    }
  }

  /** True: it was for Home Assistant, and nobody else is to look at it. */
  hear({ topic, payload, retain }: InboundMessage): boolean {
    if (topic === statusTopic(this.#settings)) {
      if (Buffer.from(payload).toString('utf8') === 'online' && !retain) this.#announceSoon();
      return true;
    }
    if (!this.#allTopics.includes(topic)) return false;
    if (retain) this.#compare(topic, payload);
    return true;
  }

  /** Not in the moment in which every other board hears of it. */
  #announceSoon(): void {
    const { clock, random } = this.#dependencies;
    this.#soon ??= clock.after(random() * homeAssistantBirthMsMax, () => this.announce());
  }

  [Symbol.dispose](): void {
    this.#soon?.[Symbol.dispose]();
    this.#soon = undefined;
  }

  /** Now, again; only while the link is up. First all that goes: it may come again on another topic, or as another entity. */
  announce(): void {
    this[Symbol.dispose]();
    const parts = this.#parts();
    for (const [index, topic] of this.#allTopics.entries()) {
      const part = parts[index];
      const gone = this.#gone.get(topic);
      if (gone === undefined) continue;
      this.#say(topic, part === undefined ? '' : this.#describe({ ...part, ...goneComponents(gone) }));
    }
    this.#gone.clear();
    for (const [index, topic] of this.#allTopics.entries()) {
      const part = parts[index];
      if (part !== undefined) this.#say(topic, this.#describe(part));
    }
  }

  /** Where the board is described. */
  get topics(): readonly string[] {
    return this.#allTopics.slice(0, this.#parts().length);
  }

  get #allTopics(): readonly string[] {
    return configTopics(this.#settings, this.#config.node);
  }

  /** The section is gone from the config: so is the device. */
  withdraw(): void {
    for (const topic of this.topics) this.#say(topic, '');
  }

  /** What an earlier life said, and is not so any more. */
  #compare(topic: string, payload: Uint8Array): void {
    this.#miss(topic, platformsOf(payload));
    if (this.#gone.has(topic)) this.announce();
  }

  #miss(topic: string, told: readonly (readonly [key: string, platform: string])[]): void {
    const now: Components = this.#parts()[this.#allTopics.indexOf(topic)] ?? {};
    const gone = new Map(told.filter(([key, platform]) => now[key]?.platform !== platform));
    if (gone.size > 0) this.#gone.set(topic, gone);
  }

  /** As few messages as hold everything. */
  #parts(): readonly Components[] {
    const parts: { [key: string]: Component }[] = [{}];
    for (const [key, component] of Object.entries(componentsOf(this.#config))) {
      const latest = parts.at(-1) ?? {};
      const isFull = Buffer.byteLength(this.#describe({ ...latest, [key]: component })) > this.#dependencies.bytesMax;
      if (isFull && Object.keys(latest).length > 0) parts.push({ [key]: component });
      else latest[key] = component;
    }
    const { length } = this.#allTopics;
    if (parts.length > length)
      this.#dependencies.log.warn({ parts: parts.length }, 'too many documents for home assistant');
    return parts.slice(0, length);
  }

  #describe(components: Components): string {
    const { node } = this.#config;
    return JSON.stringify({
      device: {
        identifiers: [`qn_${node}`],
        name: node,
        manufacturer: 'qn-agent',
        model: 'QN node',
        sw_version: agentVersion,
      },
      origin: { name: 'qn-agent', sw_version: agentVersion },
      components,
    });
  }

  #say(topic: string, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    const isTaken = this.#dependencies.outbox.send({ topic, bytes, qos: 1, retain: true, policy: 'when-up' });
    if (!isTaken) this.#dependencies.log.warn({ topic, bytes: bytes.byteLength }, 'home assistant was not told');
  }
}

/** An entity with nothing but its platform is removed. */
function goneComponents(gone: ReadonlyMap<string, string>): Components {
  return Object.fromEntries([...gone].map(([key, platform]) => [key, { platform }]));
}

/** None in somebody else's words on our topic; what we say takes their place. */
function platformsOf(payload: Uint8Array): readonly (readonly [key: string, platform: string])[] {
  const described = tryParseJson(Buffer.from(payload).toString('utf8'));
  const components = isPlainMap(described) ? described['components'] : undefined;
  return Object.entries(isPlainMap(components) ? components : {}).flatMap(([key, component]) => {
    const platform = isPlainMap(component) ? component['platform'] : undefined;
    return typeof platform === 'string' ? [[key, platform] as const] : [];
  });
}
