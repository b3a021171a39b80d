import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { profileSecondsDefault, profileSecondsMax } from '../agent/limits.ts';
import * as schemas from '../agent/observe/api-schema.ts';
import { agentVersion } from '../agent/version.ts';

interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly id: string;
  readonly tag: 'query-notify' | 'diagnostics' | 'page';
  readonly summary: string;
  readonly query?: readonly object[];
  readonly request?: v.GenericSchema;
  /** The answer: a schema of JSON, or the type of something else. */
  readonly answer: v.GenericSchema | string;
  /** Answered with these besides, in the form of a refusal unless said otherwise. */
  readonly refusals: readonly number[];
  readonly isOpen?: boolean;
}

const number = (name: string, description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema: { type: 'number', ...schema },
});
const clientId = {
  name: 'client_id',
  in: 'query',
  required: true,
  description: 'Who subscribed.',
  schema: { type: 'string' },
};

/** Every path of the HTTP side. A test holds it against the routes of the server. */
const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/qn',
    id: 'qn',
    tag: 'query-notify',
    summary: 'Subscribe, unsubscribe, or command and wait for the outcome.',
    request: schemas.qnRequest,
    answer: schemas.qnAnswer,
    refusals: [400, 403, 404, 413, 429, 503, 504],
  },
  {
    method: 'get',
    path: '/api/qn/stream',
    id: 'qnStream',
    tag: 'query-notify',
    summary: 'What a client subscribed to, as Server-Sent Events.',
    query: [clientId],
    answer: 'text/event-stream',
    refusals: [400, 404],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    tag: 'diagnostics',
    summary: 'Figures for Prometheus.',
    answer: 'text/plain',
    refusals: [403],
  },
  {
    method: 'get',
    path: '/debug/metrics',
    id: 'debugMetrics',
    tag: 'diagnostics',
    summary: 'The same.',
    answer: 'text/plain',
    refusals: [403],
  },
  {
    method: 'get',
    path: '/debug/config',
    id: 'config',
    tag: 'diagnostics',
    summary: 'The config that runs, without secrets.',
    answer: schemas.config,
    refusals: [403],
  },
  {
    method: 'get',
    path: '/debug/health',
    id: 'health',
    tag: 'diagnostics',
    summary: 'Whether all is well, with a row for each check. 503: it is not, in the same form.',
    answer: schemas.health,
    refusals: [403],
  },
  {
    method: 'get',
    path: '/debug/selftest',
    id: 'selfTest',
    tag: 'diagnostics',
    summary: 'The last self-test.',
    answer: schemas.selfTest,
    refusals: [403],
  },
  {
    method: 'get',
    path: '/debug/events',
    id: 'events',
    tag: 'diagnostics',
    summary: 'What happened last, the oldest first.',
    query: [number('after', 'Only those behind this log sequence number.', { minimum: 0, default: 0 })],
    answer: schemas.events,
    refusals: [400, 403],
  },
  {
    method: 'get',
    path: '/debug/log',
    id: 'log',
    tag: 'diagnostics',
    summary: 'The last lines of the log, the oldest first.',
    query: [number('after', 'Only those behind this line.', { minimum: 0, default: 0 })],
    answer: schemas.log,
    refusals: [400, 403],
  },
  {
    method: 'get',
    path: '/debug/profile',
    id: 'profile',
    tag: 'diagnostics',
    summary: 'A CPU profile for the DevTools of Chromium.',
    query: [
      number('seconds', 'How long.', {
        exclusiveMinimum: 0,
        maximum: profileSecondsMax,
        default: profileSecondsDefault,
      }),
    ],
    answer: schemas.cpuProfile,
    refusals: [400, 403, 429],
  },
  {
    method: 'get',
    path: '/debug/heap',
    id: 'heap',
    tag: 'diagnostics',
    summary: 'A heap snapshot: over the socket, or with a token.',
    answer: schemas.heapSnapshot,
    refusals: [403, 429, 503],
  },
  {
    method: 'get',
    path: '/',
    id: 'page',
    tag: 'page',
    summary: 'The status page.',
    answer: 'text/html',
    refusals: [403],
    isOpen: true,
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openapi',
    tag: 'page',
    summary: 'This description.',
    answer: 'application/json',
    refusals: [403],
    isOpen: true,
  },
];

const meanings: { readonly [code: number]: string } = {
  400: 'Not understood.',
  401: 'The token is missing or wrong.',
  403: 'A stranger, or not allowed here.',
  404: 'No such topic, client or path.',
  413: 'Too large.',
  429: 'Too many at a time.',
  503: 'Not now.',
  504: 'It is not known yet what became of it.',
};

/** OpenAPI 3.1, made of the schemas. */
export function openApi(): object {
  const paths: { [path: string]: object } = {};
  for (const operation of operations)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'qn-agent',
      version: agentVersion,
      summary: 'Query-Notify, status page and diagnostics of one board.',
      description: 'Over a Unix socket, or a port of the loopback; on any other address only with a token.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The board that was asked for this.' }],
    security: [{ token: [] }, {}],
    tags: [
      { name: 'query-notify', description: 'Documents of the board (QN-5.4).' },
      { name: 'diagnostics', description: 'How the agent is. Nothing here changes anything.' },
      { name: 'page', description: 'For people.' },
    ],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'http.token of the config, if it has one; only over TCP.',
        },
      },
      schemas: { Refusal: jsonSchema(schemas.refusal) },
    },
  };
}

function describe({ id, tag, summary, query, request, answer, refusals, isOpen = false }: Operation): object {
  const content =
    typeof answer === 'string'
      ? { [answer]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: jsonSchema(answer) } };
  const refused = { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } };
  const codes = isOpen ? refusals : [...refusals, 401].toSorted((left, right) => left - right);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(isOpen ? { security: [] } : {}),
    ...(query === undefined ? {} : { parameters: query }),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(request) } } } }),
    responses: {
      200: { description: summary, content },
      ...(id === 'health' ? { 503: { description: 'Something is wrong; the checks say what.', content } } : {}),
      ...Object.fromEntries(codes.map((code) => [code, { description: meanings[code] ?? '', content: refused }])),
    },
  };
}

function jsonSchema(schema: v.GenericSchema): object {
  const { $schema: _, ...rest } = toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'input' });
  return rest;
}

export async function writeOpenApi(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'openapi.json'), `${JSON.stringify(openApi())}\n`);
}
