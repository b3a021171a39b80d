import { serialQuietMsMin } from '../../agent/documents/limits.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import type { FakeClock } from '../support/fake-clock.ts';

const never = new Promise<never>(() => undefined);

/** The thing at the other end of the serial line. It counts what it was told to do, and outlives every agent. */
export interface SerialDevice {
  /** How often each line of text arrived. */
  readonly effects: ReadonlyMap<string, number>;
  /** What it says now is not taken for the tail of something that began before the cable was plugged in. */
  readonly isHeard: boolean;
  /** The agent's end of a cable; one at a time. */
  plug(alive: () => boolean): BytePort;
  /** False when nobody could have heard it. */
  say(text: string): boolean;
}

export function createSerialDevice(clock: FakeClock): SerialDevice {
  const effects = new Map<string, number>();
  let pair: SimulatedSerialPair | undefined;
  let rest = '';
  let pluggedMs = 0;
  const take = (chunk: Uint8Array) => {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) effects.set(line, (effects.get(line) ?? 0) + 1);
  };
  return {
    effects,
    get isHeard() {
      return clock.monotonicMs() - pluggedMs > 2 * serialQuietMsMin;
    },
    plug(alive) {
      rest = '';
      pluggedMs = clock.monotonicMs();
      const plugged = createSimulatedSerialPair({ latencyMs: 1 }, clock);
      pair = plugged;
      plugged.right.onData(take);
      return mortalPort(plugged.left, alive);
    },
    say(text) {
      void pair?.right.write(Buffer.from(`${text}\n`), 1_000);
      return pair !== undefined;
    },
  };
}

/** Bytes that were handed over before the end arrive all the same: the kernel has them. */
function mortalPort(port: BytePort, alive: () => boolean): BytePort {
  return {
    resource: port.resource,
    write: (bytes, timeoutMs) => (alive() ? port.write(bytes, timeoutMs) : never),
    onData: (listener) => port.onData((chunk) => (alive() ? listener(chunk) : undefined)),
    onClosed: (listener) => port.onClosed((error) => (alive() ? listener(error) : undefined)),
    [Symbol.asyncDispose]: () => (alive() ? port[Symbol.asyncDispose]() : never),
  };
}
