import type { Config } from './config/config.ts';
import type { Announcer } from './home-assistant/announcer.ts';
import type { Log } from './log.ts';
import { missingPart, partFix } from './missing-part.ts';
import type { InboundMessage } from './mqtt/link.ts';
import type { Pool } from './pool/pool.ts';
import type { Running } from './running.ts';
import type { Voice } from './voice.ts';

/** Discovery for Home Assistant; nothing at all without its section in the config. */
export class HomeAssistant {
  readonly #dependencies: { readonly log: Log; readonly running: Running; readonly voice: Voice; readonly pool: Pool };
  #announcer: Announcer | undefined;

  constructor(dependencies: {
    readonly log: Log;
    readonly running: Running;
    readonly voice: Voice;
    readonly pool: Pool;
  }) {
    this.#dependencies = dependencies;
  }

  /** Goes by the config that runs. `before`: the one that ran until now. */
  async configure(before?: Config): Promise<void> {
    const { log, running, voice, pool } = this.#dependencies;
    const { config } = running;
    if (before?.homeAssistant !== undefined && config.homeAssistant === undefined) this.#announcer?.withdraw();
    this.#announcer = undefined;
    if (config.homeAssistant === undefined) return;
    const Created = await loadAnnouncer(log); // Costs nothing when it is off.
    if (Created === undefined) return;
    const { outbox } = voice;
    this.#announcer = new Created({ log, outbox, bytesMax: pool.payloadBytesMax }, config, config.homeAssistant);
    if (before !== undefined) this.#announcer.announce();
  }

  announce(): void {
    this.#announcer?.announce();
  }

  /** True: the message was for this, and for nobody else. */
  hear(message: InboundMessage): boolean {
    return this.#announcer?.hear(message) ?? false;
  }
}

async function loadAnnouncer(log: Log): Promise<typeof Announcer | undefined> {
  try {
    return (await import('./home-assistant/announcer.ts')).Announcer;
  } catch (err) {
    if (missingPart(err) === undefined) throw err;
    log.error({ err }, `not announced to Home Assistant; ${partFix}`);
    return undefined;
  }
}
