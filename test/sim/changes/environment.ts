import type { Environment } from '../../../agent/environment.ts';
import { silentLog } from '../../../agent/log.ts';
import { openMemoryStore } from '../../../agent/store/memory-store.ts';
import { Platter } from '../../../agent/store/platter.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../../drivers/pwm-simulated.ts';
import { openNowhere } from '../../support/open-nowhere.ts';
import type { ChangeWorld } from './change-world.ts';

export const node = 'pi-1';
/** A broker of this name is never reached. */
export const deadBroker = 'mqtt://dead.example';
const dead = openNowhere({ kind: 'refused', detail: 'connection refused' });

/** The agent has no folder, a full disk is part of the play, and a broker that is not there as well. */
const isExpected = (text: string) => /self-test failed|is not put away/.test(text);

export function environmentOf(world: ChangeWorld): Environment {
  const { clock, broker, wires, ports, waves, random } = world;
  const platter = new Platter();
  const nowNs = () => BigInt(Math.round(clock.monotonicMs() * 1e6));
  const openLink: Environment['openLink'] = ({ suffix, ...role }, subscriptions, handlers) =>
    broker.openLink({ clientId: node + suffix, ...role, subscriptions }, handlers);
  const textOf = (what: readonly unknown[]) =>
    JSON.stringify(what, (_key, value: unknown) =>
      value instanceof Error ? value.stack : typeof value === 'bigint' ? `${value}` : value,
    );
  const waveNames = world.waveSets;
  return {
    clock,
    random,
    log: {
      ...silentLog,
      warn: (...what: readonly unknown[]) => world.trace(`warn ${textOf(what)}`),
      error: (...what: readonly unknown[]) => (isExpected(textOf(what)) ? undefined : world.violate(textOf(what))),
    },
    openGpio: async () => ok(createSimulatedGpio(wires.board, { clock, nowNs })),
    createPwm: () =>
      createSimulatedPwm({
        get: (name) => waves.get(name),
        set(name, wave) {
          waveNames.push(name);
          waves.set(name, wave);
        },
      }),
    openBytePort: (resource) => ports.plug(resource),
    openStore: (onTrouble) => openMemoryStore(platter, { clock, onTrouble }),
    openLink,
    // Another function each time: that is how the agent knows other settings.
    prepareLink: async ({ mqtt }) =>
      ok((...call) => (mqtt.brokers[0]?.url.startsWith(deadBroker) ? dead(...call) : openLink(...call))),
    configs: world.home,
  };
}
