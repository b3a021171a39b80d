import type { Server } from 'node:http';
import { hostname } from 'node:os';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { HttpConfig } from '../config/config.ts';
import { readSecret } from '../config/secret.ts';
import type { DispatchLoop } from '../dispatch/run.ts';
import { type DocumentTable, ownDocuments } from '../dispatch/table.ts';
import type { DocumentStates } from '../documents/states.ts';
import type { HealthSources } from '../health/report.ts';
import { httpTokenBytesMin } from '../limits.ts';
import type { Log, LogBook } from '../log.ts';
import type { ClockQuality, Event, Message } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import type { IdSource } from '../qn/snowflake.ts';
import type { Running } from '../running.ts';
import type { Chronicle } from './chronicle.ts';
import { diagnosticRoutes } from './diagnostics.ts';
import { openEventStream } from './event-stream.ts';
import { observeGc } from './gc-pauses.ts';
import { refusalAnswer } from './http-answer.ts';
import type { HttpAccess } from './http-guard.ts';
import { createHttpServer, type HttpRoute, type HttpServing } from './http-server.ts';
import type { Instruments } from './instruments.ts';
import { type Address, formatAddress, listen } from './listen.ts';
import { LocalClients, type LocalStats } from './local-clients.ts';
import { LocalNotifier } from './local-notify.ts';
import { pageRoutes } from './page-route.ts';
import { answerQn, localRefusal, type QnEndpointDependencies } from './qn-endpoint.ts';
import { isClientName } from './qn-request.ts';

export interface LocalHttpDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: IdSource;
  readonly states: DocumentStates;
  readonly table: DocumentTable;
  readonly loop: DispatchLoop;
  readonly running: Running;
  readonly sources: HealthSources;
  readonly instruments: Instruments;
  readonly chronicle: Chronicle;
  readonly logBook: LogBook | undefined;
  clockQuality(): ClockQuality;
}

export interface LocalHttpStats extends LocalStats {
  readonly listening: readonly string[];
  /** Where it could not listen, and why. */
  readonly failed: readonly string[];
}

/** Query-Notify for the applications of this machine (QN-5.4). */
export interface LocalHttp extends AsyncDisposable {
  happened(document: string, event: Event): void;
  readonly acknowledged: LocalNotifier['acknowledged'];
  stats(): LocalHttpStats;
}

/** Where it cannot listen it says so and the board works on without: this is a convenience, not the way to the pins. */
export async function openLocalHttp(dependencies: LocalHttpDependencies, http: HttpConfig): Promise<LocalHttp> {
  const { clock, log, ids, states, table, loop, running, sources, instruments, chronicle, logBook, clockQuality } =
    dependencies;
  const names = { root: running.config.mqtt.root, node: running.config.node };
  const clients = new LocalClients({ clock, states });
  const following = states.onChange((document) => clients.changed(document));
  const receive: DispatchLoop['receive'] = (message) => loop.receive(message, 'local');
  const notifier = new LocalNotifier({ clock, ids, receive }, names);
  const gc = observeGc(clock);
  const metrics = { health: sources, instruments, gc, queueDepth: () => loop.depth };
  const endpoint: QnEndpointDependencies = {
    clients,
    notifier,
    isWritable: http.isWritable,
    isDocument: (name) =>
      table.rows.some((row) => row.name === name) ||
      table.found.get(name) !== undefined ||
      ownDocuments.some((own) => own === name),
    textOf: (doc, message) => textOf({ src: names.node, doc, ts: clock.wallMs(), clk: clockQuality(), ...message }),
  };
  const routes = [
    ...pageRoutes(log),
    ...qnRoutes(endpoint),
    ...diagnosticRoutes({ clock, running, sources, metrics, chronicle, logBook }),
  ];
  const { servers, listening, failed } = await openServers({ clock, log, routes }, http);
  return {
    happened: (document, event) => clients.happened(document, event),
    acknowledged: (command, verdict) => notifier.acknowledged(command, verdict),
    stats: () => ({ ...clients.stats(), listening, failed }),
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      notifier.close();
      clients[Symbol.dispose]();
      gc[Symbol.dispose]();
      await Promise.all(servers.map(close));
    },
  };
}

function qnRoutes(endpoint: QnEndpointDependencies): readonly HttpRoute[] {
  const { clients, textOf: text } = endpoint;
  return [
    { path: '/api/qn', method: 'POST', answer: ({ body }) => answerQn(endpoint, body) },
    {
      path: '/api/qn/stream',
      method: 'GET',
      async answer({ query, response }) {
        const name = query.get('client_id') ?? '';
        if (!isClientName(name)) return refusalAnswer({ reason: 'malformed', detail: 'write ?client_id=NAME' });
        if (!clients.isKnown(name)) return localRefusal('no-client', name);
        const stream = openEventStream(response, {
          textOf: text,
          onDrained: (drained) => clients.drained(name, drained),
          onGone: (gone) => clients.closed(name, gone),
        });
        clients.open(name, stream);
        return undefined;
      },
    },
  ];
}

type Serving = Pick<HttpServing, 'clock' | 'log' | 'routes'>;

async function openServers(serving: Serving, config: HttpConfig) {
  const { log } = serving;
  const servers: Server[] = [];
  const listening: string[] = [];
  const failed: string[] = [];
  const token = tokenOf(config);
  for (const address of addressesOf(config)) {
    const where = formatAddress(address);
    const opened = await openServer(serving, address, accessOf(config, address, token));
    if (opened.ok) {
      servers.push(opened.value);
      listening.push(where);
      log.info({ address: where }, 'http is listening');
    } else {
      failed.push(`${where}: ${opened.error}`);
      log.error({ address: where, detail: opened.error }, 'http cannot listen; the board works on without it');
    }
  }
  return { servers, listening, failed };
}

async function openServer(
  serving: Serving,
  address: Address,
  access: Result<HttpAccess, string>,
): Promise<Result<Server, string>> {
  if (!access.ok) return access;
  const server = createHttpServer({ ...serving, access: access.value });
  const opened = await listen(server, address);
  return opened.ok ? ok(server) : opened;
}

/** Without the token that was asked for nobody may come in over TCP. */
function tokenOf({ token }: HttpConfig): Result<string | undefined, string> {
  if (token === undefined) return ok(undefined);
  const read = readSecret(token, process.env);
  if (!read.ok) return fail(`the token cannot be read: ${read.error.resource}: ${read.error.detail}`);
  const text = read.value;
  if (Buffer.byteLength(text) >= httpTokenBytesMin) return ok(text);
  return fail(`the token is shorter than ${httpTokenBytesMin} bytes; make one with: openssl rand -hex 16`);
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

function accessOf(
  { host }: HttpConfig,
  address: Address,
  token: Result<string | undefined, string>,
): Result<HttpAccess, string> {
  if ('socket' in address) return ok({ isTcp: false, names: new Set() });
  if (!token.ok) return token;
  const own = [host, hostname().toLowerCase(), `${hostname().toLowerCase()}.local`];
  const names = new Set(loopbackHosts.has(host) ? [] : own);
  return ok({ isTcp: true, names, ...(token.value === undefined ? {} : { token: token.value }) });
}

function addressesOf({ socket, host, port }: HttpConfig): readonly Address[] {
  return [...(socket === undefined ? [] : [{ socket }]), ...(port === undefined ? [] : [{ host, port }])];
}

function textOf(message: Message): string | undefined {
  const encoded = encodeMessage(message, 'json');
  return encoded.ok ? Buffer.from(encoded.value.bytes).toString('utf8') : undefined;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
