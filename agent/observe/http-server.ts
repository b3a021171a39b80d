import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import {
  httpBodyBytesMax,
  httpConnectionsMax,
  httpHeaderBytesMax,
  httpRequestMsMax,
  httpStreamStallMsMax,
} from '../limits.ts';
import type { Log } from '../log.ts';
import type { Refusal } from '../qn/reason.ts';
import { type HttpAnswer, refusalAnswer } from './http-answer.ts';
import { accessFault, type HttpAccess, isProved } from './http-guard.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** One path with its method. A new one is a row. */
export interface HttpRoute {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** Without a token: there is nothing to know in it. */
  readonly isOpen?: boolean;
  /** Undefined: the response was taken over, as a stream. */
  answer(request: HttpRequest): Promise<HttpAnswer | undefined>;
}

export interface HttpRequest {
  readonly query: URLSearchParams;
  /** Empty for GET. */
  readonly body: Uint8Array;
  readonly response: ServerResponse;
  /** Who asks proved who he is, by the rights of the socket or by the token. */
  readonly isProved: boolean;
}

export interface HttpServing {
  readonly clock: Clock;
  readonly log: Log;
  readonly routes: readonly HttpRoute[];
  readonly access: HttpAccess;
  /** A request that is not complete by then is cut. */
  readonly requestMsMax?: number;
  /** Whoever has not taken its answer by then is cut. A stream looks after itself. */
  readonly answerMsMax?: number;
}

/** A server that does not listen yet. */
export function createHttpServer(serving: HttpServing): Server {
  const { log, requestMsMax = httpRequestMsMax } = serving;
  const options = {
    ...oneAtATime,
    maxHeaderSize: httpHeaderBytesMax,
    requestTimeout: requestMsMax,
    headersTimeout: requestMsMax,
    keepAliveTimeout: requestMsMax,
    connectionsCheckingInterval: requestMsMax / 2,
  };
  const server = createServer(options, (request, response) => {
    serve(serving, request, response).catch((error: unknown) => {
      log.error({ err: error, url: request.url }, 'http request failed');
      response.destroy();
    });
  });
  server.maxConnections = httpConnectionsMax;
  return server;
}

/** Nothing here is for other pages, for frames or for a cache. */
export const safeHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

async function serve(serving: HttpServing, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answered = await answerOf(serving, request, response);
  if (answered === undefined || response.destroyed) return;
  const { code, body, headers = {} } = answered;
  const isUnread = request.method !== 'GET' && !request.complete;
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body) + 1,
    ...safeHeaders,
    ...(isUnread ? { connection: 'close' } : {}), // The rest of the body is not read.
    ...headers,
  });
  const deadline = serving.clock.after(serving.answerMsMax ?? httpStreamStallMsMax, () => response.destroy());
  response.once('close', () => deadline[Symbol.dispose]());
  response.end(`${body}\n`);
}

async function answerOf(
  { routes, access }: HttpServing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<HttpAnswer | undefined> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const found = routes.filter((route) => route.path === path);
  const route = found.find(({ method }) => method === request.method);
  const denied = accessFault(request.headers, access, route?.isOpen === true);
  if (denied !== undefined) return denied;
  if (found.length === 0) return refusalAnswer({ reason: 'unknown-document', detail: nothingAt(path, routes) }, 404);
  if (route === undefined) return wrongMethod(found.map(({ method }) => method).join(', '));
  const body = route.method === 'POST' ? await readBody(request) : ok(new Uint8Array());
  if (!body.ok) return refusalAnswer(body.error);
  const asked = { query: new URLSearchParams(query), body: body.value, response, isProved: isProved(access) };
  return await route.answer(asked);
}

function nothingAt(path: string, routes: readonly HttpRoute[]): string {
  const known = new Set(routes.map((route) => route.path));
  return `nothing is at ${path}; there is ${[...known].join(', ')}`;
}

function wrongMethod(allow: string): HttpAnswer {
  return { ...refusalAnswer({ reason: 'unsupported', detail: `use ${allow}` }, 405), headers: { allow } };
}

/** Not more than the bound, whatever the length claims. */
async function readBody(request: IncomingMessage): Promise<Result<Uint8Array, Refusal>> {
  const tooLarge: Refusal = { reason: 'too-large', detail: `a body has at most ${httpBodyBytesMax} bytes` };
  if (Number(request.headers['content-length'] ?? 0) > httpBodyBytesMax) return fail(tooLarge);
  const chunks: Uint8Array[] = [];
  let bytesCount = 0;
  return await new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      bytesCount += chunk.byteLength;
      if (bytesCount <= httpBodyBytesMax) return void chunks.push(chunk);
      request.pause();
      resolve(fail(tooLarge));
    });
    request.once('end', () => resolve(ok(Buffer.concat(chunks))));
    request.once('close', () => resolve(fail({ reason: 'malformed', detail: 'the body ended early' })));
  });
}
