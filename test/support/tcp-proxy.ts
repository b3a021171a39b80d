import { connect, createServer, type Socket } from 'node:net';
import { listen } from './ports.ts';

/** A wire between a client and a server on the loopback, which can be watched, cut and blocked. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections from clients since the start, and the most there were at the same time. */
  readonly connectsCount: number;
  readonly openCountMax: number;
  /** Destroys the connections there are. New ones are let through. */
  cut(): void;
  /** Swallows what the server says from now on, on old and new connections, until `pass`; the sockets stay open. */
  block(): void;
  pass(): void;
  /** Swallows what is said in both directions, the end too, until it is disposed of. */
  hold(): void;
}

interface Wire {
  readonly client: Socket;
  readonly server: Socket;
}

export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const wires = new Set<Wire>();
  let connectsCount = 0;
  let openCountMax = 0;
  let isBlocked = false;
  let isHeld = false;

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const wire = { client, server: connect(targetPort, '127.0.0.1') };
    wires.add(wire);
    connectsCount += 1;
    openCountMax = Math.max(openCountMax, wires.size);
    client.on('data', (chunk) => isHeld || wire.server.write(chunk));
    wire.server.on('data', (chunk) => isBlocked || isHeld || client.write(chunk));
    join(wire.client, wire.server);
    join(wire.server, wire.client);
    client.on('close', () => wires.delete(wire));
  });

  /** What was written before the end still arrives. */
  function join(from: Socket, to: Socket): void {
    from.on('error', () => {}); // A broken connection is what this is for; `close` follows.
    from.on('end', () => isHeld || from.end());
    from.on('close', () => to.end());
  }

  function cut(wire: Wire): void {
    wire.client.destroy();
    wire.server.destroy();
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
