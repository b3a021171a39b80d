import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';

export interface DemoBroker extends AsyncDisposable {
  readonly port: number;
}

/** An MQTT 3.1.1 broker in this process, on loopback only. Takes `port` if it is free, else any other. */
export async function startBroker(port: number): Promise<DemoBroker> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  const actual = await listen(server, port).catch(() => listen(server, 0));
  return {
    port: actual,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** `port` if nobody has it, else any that is free just now. */
export async function findPort(port: number): Promise<number> {
  const server = createServer();
  const free = await listen(server, port).catch(() => listen(server, 0));
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return free;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
