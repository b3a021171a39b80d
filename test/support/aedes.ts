import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { type Collector, collect } from './mqtt-client.ts';
import { listen } from './ports.ts';

/** An aedes on the loopback; it knows MQTT 3.1.1 only. */
export interface AedesBroker extends AsyncDisposable {
  readonly port: number;
  /** The protocol version of each CONNECT it was asked with. */
  readonly versionsAsked: readonly number[];
  /** Of each CONNECT that was let in, or refused for its version. */
  readonly clientIds: readonly string[];
  collect(topicFilter: string): Promise<Collector>;
  stop(): Promise<void>;
  /** Again, on the same port; what it retained is gone. */
  start(): Promise<void>;
}

export async function startAedes(): Promise<AedesBroker> {
  const versionsAsked: number[] = [];
  const clientIds: string[] = [];
  const ask = (version: number, clientId: string) => {
    versionsAsked.push(version);
    clientIds.push(clientId);
  };
  let running = await run(0, ask);
  const { port } = running;
  return {
    port,
    versionsAsked,
    clientIds,
    collect: (topicFilter) => collect(port, topicFilter),
    stop: () => running.stop(),
    async start() {
      running = await run(port, ask);
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

async function run(
  wantedPort: number,
  ask: (version: number, clientId: string) => void,
): Promise<{ port: number; stop(): Promise<void> }> {
  const broker = await Aedes.createBroker({
    preConnect(_client, packet, done) {
      ask(packet.protocolVersion ?? 0, packet.clientId ?? '');
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
