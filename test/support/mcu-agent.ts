import { type Clock, systemClock } from '../../agent/clock.ts';
import {
  runSimulatedFirmware,
  type SimulatedFirmware,
  type SimulatedFirmwareOptions,
} from '../../agent/documents/mcu/simulated-firmware.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { type PluggedAgentOptions, startPluggedAgent } from './plugged-agent.ts';
import { seededRandom } from './seeded-random.ts';

export const mcuPort = '/dev/ttyMCU';

export interface McuAgentOptions {
  /** More keys of `firmware.mcu0`, as in a flow map. */
  readonly keys?: string;
  readonly documents?: readonly string[];
  readonly sections?: PluggedAgentOptions['sections'];
  readonly firmware?: Partial<SimulatedFirmwareOptions>;
  readonly clock?: Clock;
  readonly log?: PluggedAgentOptions['log'];
  /** The GPIO lines of the board. */
  readonly gpio?: PluggedAgentOptions['board'];
  /** Of the serial port; absent: it has no modem lines. */
  readonly setModem?: BytePort['setModem'];
  /** Not plugged in at the start. */
  readonly isAway?: boolean;
}

/** The whole agent over a memory link, and a simulated microcontroller at its serial line that the test can play with. */
export async function startMcuAgent(options: McuAgentOptions = {}) {
  const { keys = '', documents = [], sections = '', clock = systemClock, firmware = {}, log, gpio, setModem } = options;
  let isPlugged = options.isAway !== true;
  let pair: SimulatedSerialPair | undefined;
  let board: SimulatedFirmware | undefined;
  let next = firmware;
  const agent = await startPluggedAgent({
    clock,
    sections,
    ...(log === undefined ? {} : { log }),
    ...(gpio === undefined ? {} : { board: gpio }),
    documents: [`firmware.mcu0: { driver: mcu, port: ${mcuPort}${keys} }`, ...documents],
    async openBytePort(resource) {
      if (!isPlugged) return fail({ kind: 'absent', operation: 'open', resource, detail: 'no such port' });
      pair = createSimulatedSerialPair({}, clock);
      board = runSimulatedFirmware(pair.right, clock, { random: seededRandom(1), ...next });
      return ok(setModem === undefined ? pair.left : { ...pair.left, setModem });
    },
  });
  return {
    ...agent,
    get board() {
      if (board === undefined) throw new Error('the microcontroller was never plugged in');
      return board;
    },
    get line() {
      if (pair === undefined) throw new Error('the microcontroller was never plugged in');
      return pair;
    },
    plug(other: Partial<SimulatedFirmwareOptions> = {}) {
      next = { ...firmware, ...other };
      isPlugged = true;
    },
    unplug() {
      isPlugged = false;
      pair?.unplug();
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await board?.[Symbol.asyncDispose]();
      await pair?.[Symbol.asyncDispose]();
    },
  };
}
