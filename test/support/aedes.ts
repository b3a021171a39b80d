import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { listen } from './ports.ts';

/** An aedes on the loopback; it knows MQTT 3.1.1 only. */
export interface AedesBroker extends AsyncDisposable {
  readonly port: number;
  /** The protocol version of each CONNECT it was asked with. */
  readonly versionsAsked: readonly number[];
  stop(): Promise<void>;
  /** Again, on the same port; what it retained is gone. */
  start(): Promise<void>;
}

export async function startAedes(): Promise<AedesBroker> {
  const versionsAsked: number[] = [];
  let running = await run(0, versionsAsked);
  const { port } = running;
  return {
    port,
    versionsAsked,
    stop: () => running.stop(),
    async start() {
      running = await run(port, versionsAsked);
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

async function run(wantedPort: number, versionsAsked: number[]): Promise<{ port: number; stop(): Promise<void> }> {
  const broker = await Aedes.createBroker({
    preConnect(_client, packet, done) {
      versionsAsked.push(packet.protocolVersion ?? 0);
      done(null, true);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const port = await listen(server, wantedPort);
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => broker.close(resolve));
  }
  return { port, stop: () => (stopped ??= stop()) };
}
