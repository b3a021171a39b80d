import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpConnectionsMax, httpHeaderBytesMax } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createHttpServer, type HttpRoute } from '../../../agent/observe/http-server.ts';
import { listen } from '../../support/ports.ts';

const routes: readonly HttpRoute[] = [
  { path: '/echo', method: 'POST', answer: async ({ body }) => ({ code: 200, body: Buffer.from(body).toString() }) },
];
const access = { isTcp: true, names: new Set<string>() } as const;

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function serve(requestMsMax?: number): Promise<number> {
  const server = createHttpServer(silentLog, routes, access, requestMsMax);
  const port = await listen(server);
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // The server may cut it.
  stack.defer(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Everything it says until it hangs up. */
async function heard(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const head = 'POST /echo HTTP/1.1\r\nHost: localhost\r\n';

describe('a request over HTTP', () => {
  it.each([
    ['whose head never ends', head],
    ['whose body never ends', `${head}Content-Length: 5\r\n\r\nab`],
  ])('%s is cut', async (_what, text) => {
    const socket = await open(await serve(200));
    socket.write(text);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that is whole is answered on the same server', async () => {
    const socket = await open(await serve(2_000));
    socket.write(`${head}Connection: close\r\nContent-Length: 5\r\n\r\nabcde`);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nabcde\n$/);
  });

  it('has a head of a bounded size', async () => {
    const socket = await open(await serve());
    socket.write(`${head}X-Long: ${'x'.repeat(httpHeaderBytesMax)}\r\n\r\n`);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('of one connection too many is not taken, and is again when another one went', async () => {
    const port = await serve();
    const sockets: Socket[] = [];
    for (let count = 0; count < httpConnectionsMax; count += 1) sockets.push(await open(port));
    const refused = await open(port);
    expect(await heard(refused)).toBe('');
    const [first] = sockets;
    first?.destroy();
    const text = `${head}Connection: close\r\nContent-Length: 2\r\n\r\nok`;
    for (let answer = ''; !answer.startsWith('HTTP/1.1 200'); ) {
      const again = await open(port); // The server needs a moment to see that the first one went.
      again.write(text);
      answer = await heard(again);
    }
  });
});
