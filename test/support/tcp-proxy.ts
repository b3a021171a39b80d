import { connect, createServer, type Socket } from 'node:net';
import { listen } from './ports.ts';

/** A wire between a client and a server on the loopback, which can be watched, cut and blocked. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections from clients since the start, the most there were at the same time, and those there are. */
  readonly connectsCount: number;
  readonly openCountMax: number;
  readonly openCount: number;
  /** Destroys the connections there are. New ones are let through. */
  cut(): void;
  /** Swallows what the server says from now on, on old and new connections, until `pass`; the sockets stay open. */
  block(): void;
  pass(): void;
  /** Swallows what is said in both directions, the end too, until it is disposed of. */
  hold(): void;
}

export type Direction = 'toServer' | 'toClient';

/** One direction of one connection: gets what was said, and hands it over when and how it likes, in order. */
export interface Carrier {
  carry(chunk: Uint8Array): void;
  end(): void;
}

/** What a carrier may do at the far end. */
export interface FarEnd {
  deliver(bytes: Uint8Array): void;
  end(): void;
  /** Breaks the whole connection, both sides at once, with RST. */
  reset(): void;
}

export type MakeCarrier = (direction: Direction, farEnd: FarEnd) => Carrier;

interface Wire {
  readonly client: Socket;
  readonly server: Socket;
}

export async function openTcpProxy(
  targetPort: number,
  makeCarrier: MakeCarrier = (_direction, { deliver, end }) => ({ carry: deliver, end }),
): Promise<TcpProxy> {
  const wires = new Set<Wire>();
  let connectsCount = 0;
  let openCountMax = 0;
  let isBlocked = false;
  let isHeld = false;

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const wire = { client, server };
    wires.add(wire);
    connectsCount += 1;
    openCountMax = Math.max(openCountMax, wires.size);
    join(wire, 'toServer', () => isHeld);
    join(wire, 'toClient', () => isBlocked || isHeld);
    client.on('close', () => wires.delete(wire));
  });

  /** What was written before the end still arrives. */
  function join(wire: Wire, direction: Direction, isSwallowed: () => boolean): void {
    const [from, to] = direction === 'toServer' ? [wire.client, wire.server] : [wire.server, wire.client];
    const carrier = makeCarrier(direction, {
      deliver: (bytes) => to.writable && to.write(bytes),
      end: () => to.end(),
      reset: () => reset(wire),
    });
    from.on('data', (chunk) => isSwallowed() || carrier.carry(chunk));
    from.on('error', () => {}); // A broken connection is what this is for; `close` follows.
    from.on('end', () => isHeld || from.end());
    from.on('close', () => carrier.end());
  }

  const port = await listen(listener);
  return {
    port,
    get connectsCount() {
      return connectsCount;
    },
    get openCountMax() {
      return openCountMax;
    },
    get openCount() {
      return wires.size;
    },
    cut: () => wires.forEach(cut),
    block: () => void (isBlocked = true),
    pass: () => void (isBlocked = false),
    hold: () => void (isHeld = true),
    async [Symbol.asyncDispose]() {
      wires.forEach(cut);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function cut({ client, server }: Wire): void {
  client.destroy();
  server.destroy();
}

function reset({ client, server }: Wire): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
