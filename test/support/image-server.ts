import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificates } from './certificates.ts';

export interface ImageServerOptions {
  /** The connection is cut after so many bytes of a body. */
  readonly cutAfterBytes?: number;
  /** A server that always sends everything. */
  readonly knowsRange?: boolean;
  readonly status?: number;
  /** Sends so much behind the end, with no length told. */
  readonly extraBytes?: number;
  /** Ends every body after so many bytes as if that was all, with no length told. */
  readonly endsAfterBytes?: number;
  /** Nothing more comes of the first answer after so many bytes. */
  readonly stallsAfterBytes?: number;
  /** Every answer comes in drops, a byte every 10 ms, with no end: of the headers, or of the body. */
  readonly drips?: 'headers' | 'body';
}

export interface ImageServer extends AsyncDisposable {
  readonly url: string;
  /** The Range header of each request. */
  readonly ranges: readonly (string | undefined)[];
}

/** One file over HTTPS, with the weather of a bad network. */
export async function startImageServer(
  { pem }: Certificates,
  image: Uint8Array,
  {
    cutAfterBytes,
    knowsRange = true,
    status,
    extraBytes = 0,
    endsAfterBytes,
    stallsAfterBytes,
    drips,
  }: ImageServerOptions = {},
): Promise<ImageServer> {
  const ranges: (string | undefined)[] = [];
  const server = createServer({ cert: pem['server.pem'], key: pem['server.key'] }, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    if (drips !== undefined) {
      if (drips === 'body') response.writeHead(200);
      else request.socket.write('HTTP/1.1 200 OK\r\nserver: ');
      const drop = () => (drips === 'body' ? response.write('a') : request.socket.write('a'));
      const dripping = setInterval(drop, 10);
      request.socket.on('close', () => clearInterval(dripping));
      return;
    }
    const start = knowsRange ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
    const body = image.subarray(start, endsAfterBytes && start + endsAfterBytes);
    const isPart = knowsRange && range !== undefined;
    response.writeHead(status ?? (isPart ? 206 : 200), {
      ...(extraBytes > 0 || endsAfterBytes !== undefined ? {} : { 'content-length': body.length }),
      ...(isPart ? { 'content-range': `bytes ${start}-${image.length - 1}/${image.length}` } : {}),
    });
    if (stallsAfterBytes !== undefined && ranges.length === 1) response.write(body.subarray(0, stallsAfterBytes));
    else if (cutAfterBytes === undefined || body.length <= cutAfterBytes) {
      response.write(body);
      response.end(new Uint8Array(extraBytes));
    } else response.write(body.subarray(0, cutAfterBytes), () => setTimeout(() => response.destroy(), 20));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}/firmware.bin`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
