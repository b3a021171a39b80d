import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { ok } from '../../drivers/contract/result.ts';
import { createPwmBackend, openBytePort, openGpioBackend } from '../../drivers/registry.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../environment.ts';
import { createLineWatch, type LineWatch, openGuardedGpio } from '../guard/line-watch.ts';
import { clockSyncPlaces, createClockSync } from '../health/clock-sync.ts';
import type { LogBook } from '../log.ts';
import { openMqttLink } from '../mqtt/mqtt-link.ts';
import { openStore } from '../store/open-store.ts';
import { storeProgram } from '../store/store-program.ts';
import { brokerAccess } from './broker-access.ts';
import type { CliContext } from './verb.ts';

/** The drivers of this machine. */
export function openDrivers({
  clock,
}: {
  readonly clock: Clock;
}): Pick<Environment, 'openGpio' | 'openBytePort' | 'createPwm'> {
  return {
    openGpio: (config) => openGpioBackend(config),
    createPwm: (config) => createPwmBackend(config),
    openBytePort: (resource, settings) => openBytePort(resource, settings, clock),
  };
}

/** The real surroundings of the agent: this machine's drivers and a link over TCP or TLS. `spare`: a store thread that waits. */
export function openLiveEnvironment(
  { clock, random, env }: Pick<CliContext, 'clock' | 'random' | 'env'>,
  log: LogBook,
  config: Config,
  lines: LineWatch = createLineWatch(clock),
  spare?: Worker,
): Environment {
  let isBoardOpen = false;
  return {
    clock,
    log,
    logBook: log,
    random,
    isClockSynced: createClockSync(clock, clockSyncPlaces()),
    ...openDrivers({ clock }),
    openGpio(gpio) {
      if (isBoardOpen) return openGpioBackend(gpio); // For a self-test: what is kept, and for whom, is up to the board.
      isBoardOpen = true;
      return openGuardedGpio(gpio, config.stateFolder, { clock, log, lines });
    },
    keepLines: () => lines.keep(),
    async openStore(onTrouble) {
      const folder = path.join(config.stateFolder, 'store');
      return await openStore({ folder, program: storeProgram(), ...(spare && { spare }), clock, log, onTrouble });
    },
    prepareLink: async (next) => ok(openLiveEnvironment({ clock, random, env }, log, next).openLink),
    openLink({ suffix, will }, subscriptions, handlers) {
      const access = brokerAccess(config.mqtt, env);
      const identity = { clientId: `${access.clientId}${suffix}`, ...(will !== undefined && { will }) };
      const isUrgent = suffix === '-emergency';
      return openMqttLink({ clock, random, log }, { ...access, ...identity, subscriptions, isUrgent }, handlers);
    },
  };
}
