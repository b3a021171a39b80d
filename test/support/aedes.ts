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
  /** What clients published, as text; it may not get any further when the broker ends just then. */
  readonly taken: readonly { readonly topic: string; readonly text: string }[];
  collect(topicFilter: string): Promise<Collector>;
  stop(): Promise<void>;
  /** Again, on the same port; what it retained is gone. */
  start(): Promise<void>;
}

/** `denies`: filters that nobody may subscribe to. `rewrite`: what becomes of topics and filters. */
export async function startAedes(
  denies: (filter: string) => boolean = () => false,
  rewrite: (topic: string) => string = (topic) => topic,
): Promise<AedesBroker> {
  const versionsAsked: number[] = [];
  const clientIds: string[] = [];
  const taken: { topic: string; text: string }[] = [];
  const told: Told = {
    ask(version, clientId) {
      versionsAsked.push(version);
      clientIds.push(clientId);
    },
    take: (topic, text) => void taken.push({ topic, text }),
    denies,
    rewrite,
  };
  let running = await run(0, told);
  const { port } = running;
  return {
    port,
    versionsAsked,
    clientIds,
    taken,
    collect: (topicFilter) => collect(port, topicFilter),
    stop: () => running.stop(),
    async start() {
      running = await run(port, told);
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

interface Told {
  ask(version: number, clientId: string): void;
  take(topic: string, text: string): void;
  denies(filter: string): boolean;
  rewrite(topic: string): string;
}

async function run(
  wantedPort: number,
  { ask, take, denies, rewrite }: Told,
): Promise<{ port: number; stop(): Promise<void> }> {
  const broker = await Aedes.createBroker({
    preConnect(_client, packet, done) {
      ask(packet.protocolVersion ?? 0, packet.clientId ?? '');
      done(null, true);
    },
    authorizeSubscribe(_client, subscription, done) {
      const topic = rewrite(subscription.topic);
      done(null, denies(topic) ? null : { ...subscription, topic });
    },
    authorizePublish(_client, packet, done) {
      packet.topic = rewrite(packet.topic);
      take(packet.topic, packet.payload.toString());
      done(null);
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
