import { type Clock, systemClock } from '../../agent/clock.ts';
import type { Environment } from '../../agent/environment.ts';
import { silentLog } from '../../agent/log.ts';
import type { MemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../drivers/pwm-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';

/** What an agent of a test has around it besides brokers: lines in memory, no serial ports, and chance that is none. */
export function surroundingsOn(board: MemoryBoard = createMemoryBoard(), clock: Clock = systemClock) {
  return {
    clock,
    log: silentLog,
    random: () => 0,
    openGpio: async () => ok(createSimulatedGpio(board, { clock })),
    createPwm: () => createSimulatedPwm(),
    openBytePort: async (resource) =>
      fail({ kind: 'absent', operation: 'open', resource, detail: 'no such port', fix: 'plug it in' }),
  } satisfies Omit<Environment, 'openLink'>;
}

/** The connections of this node, over a broker in memory. */
export function linkOver(broker: MemoryBroker, node: string): Environment['openLink'] {
  return ({ suffix, ...role }, subscriptions, handlers) =>
    broker.openLink({ clientId: node + suffix, ...role, subscriptions }, handlers);
}
