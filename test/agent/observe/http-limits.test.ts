import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, get, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { httpConnectionsMax, httpHeaderBytesMax } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createHttpServer, type HttpRoute, type HttpServing } from '../../../agent/observe/http-server.ts';
import { listen } from '../../support/ports.ts';

const routes: readonly HttpRoute[] = [
  { path: '/echo', method: 'POST', answer: async ({ body }) => ({ code: 200, body: Buffer.from(body).toString() }) },
  { path: '/long', method: 'GET', answer: async () => ({ code: 200, body: long }) },
  { path: '/page', method: 'GET', answer: async () => ({ code: 200, body: page }) },
];
/** More than the kernel takes for a reader that reads nothing. */
const long = 'x'.repeat(16_000_000);
const page = 'x'.repeat(200_000);
const access = { isTcp: true, names: new Set<string>() } as const;

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

type Bounds = Pick<HttpServing, 'requestMsMax' | 'answerMsMax'>;

async function serve(bounds?: Bounds): Promise<number> {
  return (await openServer(bounds)).port;
}

async function openServer(bounds: Bounds = {}): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createHttpServer({ clock: systemClock, log: silentLog, routes, access, ...bounds });
  const port = await listen(server);
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port };
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
  await new Promise((resolve) => socket.once('close', resolve)); // Also when it is cut.
  return Buffer.concat(chunks).toString();
}

const head = 'POST /echo HTTP/1.1\r\nHost: localhost\r\n';

describe('a request over HTTP', () => {
  it.each([
    ['whose head never ends', head],
    ['whose body never ends', `${head}Content-Length: 5\r\n\r\nab`],
  ])('%s is cut', async (_what, text) => {
    const socket = await open(await serve({ requestMsMax: 200 }));
    socket.write(text);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that is whole is answered on the same server', async () => {
    const socket = await open(await serve({ requestMsMax: 2_000 }));
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

  it('whose answer nobody reads is cut', async () => {
    const { server, port } = await openServer({ answerMsMax: 200 });
    const accepted = once(server, 'connection');
    const socket = await open(port);
    socket.pause();
    socket.write('GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [served] = await accepted;
    await once(served, 'close');
    expect(served.bytesWritten).toBeGreaterThan(0);
  });
});

describe('requests that do not wait for the answer of the one before', () => {
  it.each([
    ['whole ones', 'GET /page HTTP/1.1\r\nHost:localhost\r\n\r\n'],
    ['ones without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['ones that expect something', 'GET / HTTP/1.1\r\nHost:localhost\r\nExpect:x\r\n\r\n'],
  ])('are cut off at the second one: %s', async (_what, text) => {
    let count = 0;
    const counted = channel('http.server.request.start');
    const started = () => void (count += 1);
    counted.subscribe(started);
    stack.defer(() => counted.unsubscribe(started));
    const socket = await open(await serve());
    socket.write(text.repeat(2_000));
    await heard(socket);
    expect(count).toBe(1);
  });

  it('are not those of a client that keeps its connection', async () => {
    const { server, port } = await openServer();
    let count = 0;
    server.on('connection', () => void (count += 1));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    stack.defer(() => agent.destroy());
    const ask = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const asking = get({ port, host: '127.0.0.1', path: '/page', agent }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        });
        asking.once('error', reject);
      });
    for (let times = 0; times < 100; times += 1) expect(await ask()).toBe(200);
    expect(count).toBe(1);
  });
});
