import { type DriverClock, systemDriverClock } from './clock.ts';
import type { BytePort } from './contract/byte-port.ts';
import { createTransportPort, type TransportPort } from './serial/transport-port.ts';
import { createWire, type SerialWeather, type Wire } from './serial/wire.ts';

export interface SimulatedSerialPair extends AsyncDisposable {
  readonly left: BytePort;
  readonly right: BytePort;
  /** Nothing gets through until `resume`; what does not fit the wire waits with its writer. */
  stall(): void;
  resume(): void;
  /** Both ports go away, as when the cable's adapter is pulled. */
  unplug(): void;
}

/** Two ports joined by a null modem in memory. A port that is disposed of is a device that went away for the other. */
export function createSimulatedSerialPair(
  weather: SerialWeather = {},
  clock: DriverClock = systemDriverClock,
): SimulatedSerialPair {
  const toRight: Wire = createWire(weather, clock, (chunk) => right.deliver(chunk));
  const toLeft: Wire = createWire(weather, clock, (chunk) => left.deliver(chunk));
  const left: TransportPort = join('simulated:left', toRight, toLeft, () => right, clock);
  const right: TransportPort = join('simulated:right', toLeft, toRight, () => left, clock);
  return {
    left: left.port,
    right: right.port,
    stall() {
      toRight.stall();
      toLeft.stall();
    },
    resume() {
      toRight.resume();
      toLeft.resume();
    },
    unplug() {
      toRight.cut();
      toLeft.cut();
      left.lose('unplugged');
      right.lose('unplugged');
    },
    async [Symbol.asyncDispose]() {
      await left.port[Symbol.asyncDispose]();
      await right.port[Symbol.asyncDispose]();
    },
  };
}

function join(
  resource: string,
  outgoing: Wire,
  incoming: Wire,
  other: () => TransportPort,
  clock: DriverClock,
): TransportPort {
  const transport = {
    take: (bytes: Uint8Array) => outgoing.take(bytes),
    isDrained: true, // The wire stands for the kernel's buffer.
    whenReady: (resume: () => void) => outgoing.whenRoom(resume),
    async close() {
      incoming.cut();
      outgoing.end(() => other().lose('the other side closed its port'));
    },
  };
  return createTransportPort(resource, transport, clock);
}
