import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { createPacketScanner } from '../../agent/mqtt/packet-scanner.ts';
import { seededRandom } from './seeded-random.ts';
import { type Carrier, type Direction, type FarEnd, openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** What one direction of a wire is like. Counts are per connection. */
export interface WireWeather {
  /** Each chunk comes so much later, plus up to `jitterMs`; never out of order. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** The first bytes of each chunk go one by one, in a packet of TCP each; the rest in odd pieces. */
  readonly isSplit: boolean;
  /** A black hole: nothing arrives, not even the end; the sockets stay open. */
  readonly isSilent: boolean;
  /** So many bytes are let through, then both sides get RST. */
  readonly resetAfterBytes: number;
  /** So many packets of MQTT are let through; the next one closes the connection instead. */
  readonly closeAfterPackets: number;
}

const fair: WireWeather = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  isSplit: false,
  isSilent: false,
  resetAfterBytes: Number.POSITIVE_INFINITY,
  closeAfterPackets: Number.POSITIVE_INFINITY,
};

export type Weather = { readonly [direction in Direction]?: Partial<WireWeather> };

/** A wire with weather on it, and the same jitter each time. */
export interface WeatherProxy extends TcpProxy {
  /** From now on, also on the connections there are; only what is given changes. */
  setWeather(change: Weather): void;
}

export async function openWeatherProxy(targetPort: number, weather: Weather = {}): Promise<WeatherProxy> {
  const random = seededRandom(1);
  const current = { toServer: { ...fair, ...weather.toServer }, toClient: { ...fair, ...weather.toClient } };
  const proxy = await openTcpProxy(targetPort, (direction, farEnd) =>
    createCarrier(farEnd, () => current[direction], random),
  );
  function setWeather(change: Weather): void {
    Object.assign(current.toServer, change.toServer);
    Object.assign(current.toClient, change.toClient);
  }
  return Object.assign(proxy, { setWeather }); // not a copy: its counts are getters
}

const bytesOneByOne = 256;
const oddPieceBytes = 1_021;

function createCarrier(farEnd: FarEnd, weather: () => WireWeather, random: () => number): Carrier {
  const scanner = createPacketScanner(Number.POSITIVE_INFINITY);
  let tail = Promise.resolve();
  let deliveredBytes = 0;
  let isOver = false;

  async function pass(chunk: Uint8Array, dueMs: number): Promise<void> {
    if (dueMs > performance.now()) await pause(dueMs - performance.now());
    for (const piece of cutUp(chunk, weather())) {
      if (isOver || weather().isSilent) return;
      deliver(piece);
      const { isSplit, bytesPerSecond } = weather();
      if (bytesPerSecond !== Number.POSITIVE_INFINITY) await pause((piece.byteLength / bytesPerSecond) * 1_000);
      else if (isSplit) await nextTurn();
    }
  }

  function deliver(piece: Uint8Array): void {
    const { resetAfterBytes, closeAfterPackets } = weather();
    scanner.scan(piece);
    if (scanner.packetsCount > closeAfterPackets) return stop(farEnd.end);
    const room = resetAfterBytes - deliveredBytes;
    const part = piece.subarray(0, Math.max(0, Math.min(piece.byteLength, room)));
    deliveredBytes += part.byteLength;
    if (part.byteLength > 0) farEnd.deliver(part);
    if (piece.byteLength >= room) stop(farEnd.reset);
  }

  function stop(how: () => void): void {
    isOver = true;
    how();
  }

  return {
    carry(chunk) {
      const copy = Uint8Array.from(chunk);
      const { latencyMs, jitterMs } = weather();
      const dueMs = performance.now() + latencyMs + jitterMs * random();
      tail = tail.then(() => pass(copy, dueMs));
    },
    end() {
      tail = tail.then(() => {
        if (!weather().isSilent) farEnd.end();
      });
    },
  };
}

function* cutUp(chunk: Uint8Array, { isSplit, closeAfterPackets, bytesPerSecond }: WireWeather): Generator<Uint8Array> {
  const isFine = isSplit || closeAfterPackets !== Number.POSITIVE_INFINITY;
  const isSlow = bytesPerSecond !== Number.POSITIVE_INFINITY;
  let at = 0;
  while (at < chunk.byteLength) {
    const rest = chunk.byteLength - at;
    const sizeBytes = isFine && at < bytesOneByOne ? 1 : isFine || isSlow ? Math.min(oddPieceBytes, rest) : rest;
    yield chunk.subarray(at, at + sizeBytes);
    at += sizeBytes;
  }
}
