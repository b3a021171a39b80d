import type { Config } from '../config/config.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log.ts';
import { missingPart, partFix } from '../missing-part.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Pool } from '../pool/pool.ts';
import type { Running } from '../running.ts';
import type { Values } from '../store/store.ts';
import type { Voice } from '../voice.ts';
import type { Announcer } from './announcer.ts';

export interface HomeAssistantDependencies extends Pick<Environment, 'clock' | 'log' | 'random'> {
  readonly running: Running;
  readonly voice: Voice;
  readonly pool: Pool;
  /** Remembers where the board is described, for a life that does not want to be any more. */
  readonly values: Values | undefined;
}

/** Topics of the description, as JSON. */
const toldKey = 'home-assistant.told';

/** Discovery for Home Assistant; nothing at all without its section in the config. */
export class HomeAssistant {
  readonly #dependencies: HomeAssistantDependencies;
  #announcer: Announcer | undefined;

  constructor(dependencies: HomeAssistantDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Goes by the config that runs. `before`: the one that ran until now. Where the topics are others a new connection
   * follows, and with it the description.
   */
  async configure(before?: Config): Promise<void> {
    const { clock, random, log, running, voice, pool } = this.#dependencies;
    const { config } = running;
    if (before?.homeAssistant !== undefined && config.homeAssistant === undefined) this.#announcer?.withdraw();
    const told = this.#announcer;
    told?.[Symbol.dispose]();
    this.#announcer = undefined;
    if (config.homeAssistant === undefined) return;
    const Created = await loadAnnouncer(log); // Costs nothing when it is off.
    if (Created === undefined) return;
    const { outbox } = voice;
    this.#announcer = new Created(
      { clock, random, log, outbox, bytesMax: pool.payloadBytesMax },
      config,
      config.homeAssistant,
      told,
    );
    if (before?.homeAssistant?.prefix === config.homeAssistant.prefix) this.announce();
  }

  announce(): void {
    const { values } = this.#dependencies;
    this.#announcer?.announce();
    const topics = this.#announcer?.topics ?? [];
    const isGone = readTopics(values?.get(toldKey))
      .filter((topic) => !topics.includes(topic))
      .map((topic) => this.#clear(topic));
    const told = JSON.stringify(topics);
    if (isGone.includes(false) || told === (values?.get(toldKey) ?? '[]')) return;
    void values?.set(toldKey, told); // At once: a power cut must not leave a device at Home Assistant that nobody knows of.
  }

  #clear(topic: string): boolean {
    const { outbox } = this.#dependencies.voice;
    return outbox.send({ topic, bytes: new Uint8Array(), qos: 1, retain: true, policy: 'when-up' });
  }

  /** True: the message was for this, and for nobody else. */
  hear(message: InboundMessage): boolean {
    return this.#announcer?.hear(message) ?? false;
  }
}

async function loadAnnouncer(log: Log): Promise<typeof Announcer | undefined> {
  try {
    return (await import('./announcer.ts')).Announcer;
  } catch (err) {
    if (missingPart(err) === undefined) throw err;
    log.error({ err }, `not announced to Home Assistant; ${partFix}`);
    return undefined;
  }
}

function readTopics(text = '[]'): readonly string[] {
  const topics = tryParseJson(text);
  return Array.isArray(topics) ? topics.filter((topic) => typeof topic === 'string') : [];
}
