import { sleep } from './clock.ts';
import type { Changeable } from './config/change/changeable.ts';
import { officeWaitMsMax } from './config/limits.ts';
import type { ConfigOffice } from './config/push/office.ts';
import type { DispatchCounters } from './dispatch/counters.ts';
import type { Environment } from './environment.ts';
import type { Log } from './log.ts';
import { partFix } from './missing-part.ts';
import type { Pool } from './pool/pool.ts';
import type { Dispatch } from './start-dispatch.ts';
import type { Voice } from './voice.ts';

export interface ConfigParts extends Pick<Dispatch, 'acknowledger' | 'own' | 'trust' | 'attacks'> {
  readonly changeable: Changeable;
  readonly voice: Voice;
  readonly pool: Pool;
  readonly counters: DispatchCounters;
  /** For the first time. */
  readonly connected: Promise<void>;
}

export interface StartedConfig extends AsyncDisposable {
  /** Undefined: this agent has only the config it started with. */
  readonly office: Promise<ConfigOffice | undefined> | undefined;
}

/** Configs while the agent runs: over the air, and from the board. */
export function startConfig({ clock, configs, log }: Environment, parts: ConfigParts): StartedConfig {
  const { changeable, voice, pool, acknowledger, counters, own, trust, attacks } = parts;
  const ending = new AbortController();
  const office = configs && openOfficeSoon(configs).catch(withoutOffice);
  if (office !== undefined) own.set('config', (command) => void office.then((opened) => opened?.receive(command)));

  /**
   * The connection goes first: loading this takes about as long. A board whose installation lacks this part drives its
   * pins all the same.
   */
  async function openOfficeSoon(home: NonNullable<Environment['configs']>): Promise<ConfigOffice | undefined> {
    await Promise.race([parts.connected, sleep(clock, officeWaitMsMax, ending.signal)]);
    const loaded = ending.signal.aborted ? undefined : await loadOffice(log);
    if (loaded === undefined) return undefined;
    const { states, durable } = voice;
    const { payloadBytesMax } = pool;
    const toldForGood = () => durable.answered;
    const said = { states, acknowledger, counters, attacks, payloadBytesMax, toldForGood };
    return await loaded.openOffice({ parts: changeable, home, ...said, trust });
  }

  /** The board drives its pins, and its next life tries again. */
  function withoutOffice(err: unknown): undefined {
    log.error({ err }, 'a bug: no config can be taken while running');
  }

  return {
    office,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await (await office)?.close();
    },
  };
}

async function loadOffice(log: Log) {
  try {
    return await import('./config/push/office.ts');
  } catch (err) {
    log.error({ err }, `no config can be taken while running; ${partFix}`);
    return undefined;
  }
}
