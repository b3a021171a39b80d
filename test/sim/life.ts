import type { Clock } from '../../agent/clock.ts';
import type { Environment } from '../../agent/environment.ts';
import { silentLog } from '../../agent/log.ts';
import type { Link, LinkHandlers } from '../../agent/mqtt/link.ts';
import type { MemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { openMemoryStore } from '../../agent/store/memory-store.ts';
import type { Platter } from '../../agent/store/platter.ts';
import type { Store } from '../../agent/store/store.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../drivers/pwm-simulated.ts';
import type { SimulatedBoard, SimulatedLine } from '../../drivers/simulated/board.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import type { SerialDevice } from './serial-device.ts';

/** What stays when the agent dies. */
export interface Outside {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly broker: MemoryBroker;
  readonly board: SimulatedBoard;
  readonly device: SerialDevice;
  readonly platter: Platter;
  /** Stands between the agent and its store: watches, or plants a mistake. */
  wrapStore(store: Store, clock: Clock): Promise<Store>;
}

/** One run of the agent's process. Once it has ended nothing of it reaches the outside any more, whatever still runs. */
export interface Life {
  readonly environment: Environment;
  readonly isAlive: boolean;
  readonly sinceMs: number;
  end(): void;
}

export const clientId = 'pi-1';

export function beginLife(outside: Outside): Life {
  const { broker, board, device, platter, random } = outside;
  let isAlive = true;
  const alive = () => isAlive;
  const clock = mortalClock(outside.clock, alive);
  const lines: SimulatedLine[] = [];
  const links: Link[] = [];
  const nowNs = () => BigInt(Math.round(clock.monotonicMs() * 1e6));
  const environment: Environment = {
    clock,
    log: silentLog,
    random,
    openGpio: async () => ok(createSimulatedGpio(mortalBoard(board, lines, alive), { clock, nowNs })),
    createPwm: () => createSimulatedPwm(),
    openBytePort: async () => ok(device.plug(alive)),
    async openStore() {
      const opened = await openMemoryStore(platter, { clock, onTrouble() {} });
      return opened.ok ? ok(await outside.wrapStore(opened.value, clock)) : opened;
    },
    openLink({ suffix, ...role }, subscriptions, handlers) {
      if (!isAlive) throw new Error('this life is over');
      const link = broker.openLink(
        { clientId: clientId + suffix, ...role, subscriptions },
        mortalHandlers(handlers, alive),
      );
      links.push(link);
      return mortalLink(link, alive);
    },
  };
  return {
    environment,
    sinceMs: clock.monotonicMs(),
    get isAlive() {
      return isAlive;
    },
    end() {
      isAlive = false;
      for (const line of lines) line.release(); // As the kernel does.
      broker.drop(clientId);
      for (const link of links) void link[Symbol.asyncDispose](); // Down already: it only stops trying.
    },
  };
}

function mortalClock(clock: Clock, alive: () => boolean): Clock {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, action) => clock.after(delayMs, () => (alive() ? action() : undefined)),
  };
}

function mortalBoard(board: SimulatedBoard, lines: SimulatedLine[], alive: () => boolean): SimulatedBoard {
  return {
    claim(name, consumer) {
      const claimed = board.claim(name, consumer);
      if (!claimed.ok) return claimed;
      const line = claimed.value;
      lines.push(line);
      return ok({
        drive: (level) => (alive() ? line.drive(level) : ok()),
        level: () => line.level(),
        sense: (bias, changed) => line.sense(bias, (level) => (alive() ? changed(level) : undefined)),
        release: () => (alive() ? line.release() : undefined),
      });
    },
  };
}

function mortalHandlers(handlers: LinkHandlers, alive: () => boolean): LinkHandlers {
  return {
    ...handlers,
    onUp: (up) => (alive() ? handlers.onUp(up) : undefined),
    onDown: (error) => (alive() ? handlers.onDown(error) : undefined),
    onTrouble: (error) => (alive() ? handlers.onTrouble(error) : undefined),
    onMessage: (message) => (alive() ? handlers.onMessage(message) : undefined),
  };
}

function mortalLink(link: Link, alive: () => boolean): Link {
  return {
    get isUp() {
      return link.isUp;
    },
    counters: link.counters,
    brokers: () => link.brokers(),
    publish(message, done) {
      if (alive()) link.publish(message, (result) => (alive() ? done(result) : undefined));
    },
    [Symbol.asyncDispose]: () => (alive() ? link[Symbol.asyncDispose]() : Promise.resolve()),
  };
}
