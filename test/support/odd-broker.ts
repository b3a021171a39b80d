import { createServer, type Socket } from 'node:net';
import { listen } from './ports.ts';

export interface OddBroker extends AsyncDisposable {
  readonly port: number;
}

/** Takes connections on the loopback and does with each what it is told. */
export async function startOddBroker(onConnection: (socket: Socket) => void): Promise<OddBroker> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // The link may cut it at any time.
    onConnection(socket);
  });
  const port = await listen(server);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A broker of MQTT 5 reduced to its answers: to CONNECT, and to SUBSCRIBE with these codes, `then` behind it. */
export function speakMqtt5(socket: Socket, codes: readonly number[], then: Uint8Array, onSaid?: () => void): void {
  socket.on('data', (chunk) => {
    if (chunk[0] === 0x10) socket.write(connackBytes);
    if (chunk[0] !== 0x82) return;
    const identifier = chunk.subarray(2, 4);
    socket.write(Uint8Array.of(0x90, 3 + codes.length, ...identifier, 0x00, ...codes));
    socket.write(then, onSaid);
  });
}

const connackBytes = Uint8Array.of(
  0x20, // CONNACK
  0x03, // remaining length
  0x00, // no session
  0x00, // success
  0x00, // no properties
);

export const disconnectBytes = Uint8Array.of(
  0xe0, // DISCONNECT
  0x01, // remaining length
  0x8e, // session taken over
);

/** No packet has such flags. */
export const nonsenseBytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff);

export const publishBytes = Uint8Array.of(
  0x3a, // PUBLISH, duplicate, QoS 1
  0x0b, // remaining length
  0x00, // topic, two bytes of length first
  0x04,
  ...Buffer.from('in/x'),
  0x00, // packet identifier
  0x07,
  0x00, // no properties
  ...Buffer.from('hi'),
);
