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

/**
 * A broker of MQTT 5 reduced to its answers: to CONNECT, to SUBSCRIBE with these codes, `then` behind it, and to PINGREQ.
 * `heard` came before.
 */
export function speakMqtt5(
  socket: Socket,
  codes: readonly number[],
  then: Uint8Array,
  onSaid?: () => void,
  heard?: Uint8Array,
): void {
  const answer = (chunk: Uint8Array) => {
    if (chunk[0] === 0x10) socket.write(connackBytes);
    if (chunk[0] === 0xc0) socket.write(pingrespBytes);
    if (chunk[0] !== 0x82) return;
    const identifier = chunk.subarray(2, 4);
    socket.write(Uint8Array.of(0x90, 3 + codes.length, ...identifier, 0x00, ...codes));
    socket.write(then, onSaid);
  };
  socket.on('data', answer);
  if (heard !== undefined) answer(heard);
}

/** A broker of 3.1.1, likewise; it hangs up on a CONNECT of MQTT 5 without a word. */
export function speakOnlyMqtt4(socket: Socket, then: Uint8Array): void {
  socket.on('data', (chunk) => {
    const isConnect = chunk[0] === 0x10;
    const versionAt = chunk.indexOf('MQTT') + 4;
    if (isConnect && chunk[versionAt] !== 4) socket.end();
    else if (isConnect) socket.write(Uint8Array.of(0x20, 0x02, 0x00, 0x00));
    if (chunk[0] !== 0x82) return;
    socket.write(Uint8Array.of(0x90, 0x03, ...chunk.subarray(2, 4), 0x01));
    socket.write(then);
  });
}

const pingrespBytes = Uint8Array.of(0xd0, 0x00);

export const clientIdRefusedBytes = Uint8Array.of(
  0x20, // CONNACK
  0x03, // remaining length
  0x00, // no session
  0x85, // client identifier not valid
  0x00, // no properties
);

const connackBytes = Uint8Array.of(
  0x20, // CONNACK
  0x03, // remaining length
  0x00, // no session
  0x00, // success
  0x00, // no properties
);

export const connackWithReceiveMaximum2Bytes = Uint8Array.of(
  0x20, // CONNACK
  0x06, // remaining length
  0x00, // no session
  0x00, // success
  0x03, // length of the properties
  0x21, // receive maximum
  0x00,
  0x02,
);

export const disconnectBytes = Uint8Array.of(
  0xe0, // DISCONNECT
  0x01, // remaining length
  0x8e, // session taken over
);

/** The header of a PUBLISH with this remaining length, and nothing behind it. */
export function publishHeader(remainingBytes: number): Uint8Array {
  const length: number[] = [];
  for (let rest = remainingBytes; rest > 0 || length.length === 0; rest = rest >> 7) {
    length.push((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
  }
  return Uint8Array.of(0x30, ...length);
}

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
