import { runSimulatedFirmware, type SimulatedFirmware } from '../../../agent/documents/mcu/simulated-firmware.ts';
import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { crc16Modbus } from '../../../drivers/modbus/crc16.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';

interface Cable extends SimulatedSerialPair {
  readonly firmware?: SimulatedFirmware;
}

/** Serial ports with something at the other end of each: a microcontroller, Modbus units, or a thing that only listens. */
export class Ports {
  /** Ports that were closed, in order. */
  readonly closes: string[] = [];
  readonly #clock: FakeClock;
  readonly #open = new Map<string, Cable>();
  readonly #violate: (text: string) => void;

  constructor(clock: FakeClock, violate: (text: string) => void) {
    this.#clock = clock;
    this.#violate = violate;
  }

  get open(): readonly string[] {
    return [...this.#open.keys()].toSorted();
  }

  async plug(resource: string): Promise<Result<BytePort>> {
    if (this.#open.has(resource)) {
      this.#violate(`${resource} is opened twice`);
      return fail({ kind: 'busy', operation: 'open', resource, detail: 'held' });
    }
    const pair = createSimulatedSerialPair({ latencyMs: 1 }, this.#clock);
    const isBoard = resource.startsWith('/dev/ttyM');
    const firmware = isBoard ? runSimulatedFirmware(pair.right, this.#clock, { random: seededRandom(1) }) : undefined;
    if (resource.startsWith('/dev/ttyB')) answerModbus(pair.right);
    this.#open.set(resource, { ...pair, ...(firmware && { firmware }) });
    return ok({
      ...pair.left,
      [Symbol.asyncDispose]: async () => {
        this.closes.push(resource);
        await pair.left[Symbol.asyncDispose]();
        await firmware?.[Symbol.asyncDispose]();
        await pair[Symbol.asyncDispose]();
        this.#open.delete(resource);
      },
    });
  }
}

/** What each register holds. */
export const registerWord = 7;

/** Each request is for one register. */
function answerModbus(port: BytePort): void {
  port.onData((chunk) => {
    const request = Uint8Array.from(chunk);
    const isRead = request[1] === 3;
    const body = isRead ? [request[0] ?? 0, 3, 2, 0, registerWord] : [...request.subarray(0, 6)];
    const crc = crc16Modbus(Uint8Array.from(body));
    void port.write(Uint8Array.from([...body, crc & 0xff, crc >> 8]), 1_000);
  });
}
