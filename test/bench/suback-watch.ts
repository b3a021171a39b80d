import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a broker that sees when it says yes to the first subscription of a connection. */
export interface SubackWatch extends AsyncDisposable {
  readonly port: number;
  /** Of the next connection that gets one; on the clock of `performance.now()`. */
  nextSubackMs(): Promise<number>;
}

const subackByte = 0x90; // MQTT 5, 3.9.1

export async function watchSubacks(brokerPort: number): Promise<SubackWatch> {
  let seen: ((ms: number) => void) | undefined;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    client.pipe(broker);
    const frames = new FrameTypes();
    broker.on('data', (chunk: Buffer) => {
      if (frames.read(chunk).includes(subackByte)) seen?.(performance.now());
    });
    broker.pipe(client);
    client.on('close', () => broker.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  return {
    port: address.port,
    nextSubackMs: () =>
      new Promise((resolve) => {
        seen = resolve;
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The first byte of each MQTT packet of a stream, however it is cut. */
class FrameTypes {
  #left = 0;
  #head: number[] = [];

  read(chunk: Uint8Array): readonly number[] {
    const types: number[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      this.#head.push(byte);
      if (this.#head.length < 2 || byte >= 0x80) continue;
      types.push(this.#head[0] ?? 0);
      this.#left = this.#head.slice(1).reduce((sum, digit, place) => sum + (digit & 0x7f) * 128 ** place, 0);
      this.#head = [];
    }
    return types;
  }
}
