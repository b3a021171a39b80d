import type { Server } from 'node:http';
import type { Clock } from '../clock.ts';
import type { HttpConfig } from '../config/config.ts';
import type { DispatchLoop } from '../dispatch/run.ts';
import { type DocumentTable, ownDocuments } from '../dispatch/table.ts';
import type { DocumentStates } from '../documents/states.ts';
import type { Log } from '../log.ts';
import type { ClockQuality, Event, Message } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import type { IdSource } from '../qn/snowflake.ts';
import { openEventStream } from './event-stream.ts';
import { refusalAnswer } from './http-answer.ts';
import { createHttpServer, type HttpRoute } from './http-server.ts';
import { type Address, formatAddress, listen } from './listen.ts';
import { LocalClients, type LocalStats } from './local-clients.ts';
import { LocalNotifier } from './local-notify.ts';
import { answerQn, localRefusal, type QnEndpointDependencies } from './qn-endpoint.ts';
import { isClientName } from './qn-request.ts';

export interface LocalHttpDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: IdSource;
  readonly states: DocumentStates;
  readonly table: DocumentTable;
  readonly loop: DispatchLoop;
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
export async function openLocalHttp(
  dependencies: LocalHttpDependencies,
  config: HttpConfig,
  names: { readonly root: string; readonly node: string },
): Promise<LocalHttp> {
  const { clock, log, ids, states, table, loop, clockQuality } = dependencies;
  const clients = new LocalClients({ clock, states });
  const following = states.onChange((document) => clients.changed(document));
  const receive: DispatchLoop['receive'] = (message) => loop.receive(message);
  const notifier = new LocalNotifier({ clock, ids, clockQuality, receive }, names);
  const routes = routesOf({
    clients,
    notifier,
    isDocument: (name) => table.rows.some((row) => row.name === name) || ownDocuments.some((own) => own === name),
    textOf: (doc, message) => textOf({ src: names.node, doc, ts: clock.wallMs(), clk: clockQuality(), ...message }),
  });
  const { servers, listening, failed } = await openServers(log, config, routes);
  return {
    happened: (document, event) => clients.happened(document, event),
    acknowledged: (command, verdict) => notifier.acknowledged(command, verdict),
    stats: () => ({ ...clients.stats(), listening, failed }),
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      notifier.close();
      clients[Symbol.dispose]();
      await Promise.all(servers.map(close));
    },
  };
}

function routesOf(endpoint: QnEndpointDependencies): readonly HttpRoute[] {
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

async function openServers(log: Log, config: HttpConfig, routes: readonly HttpRoute[]) {
  const servers: Server[] = [];
  const listening: string[] = [];
  const failed: string[] = [];
  for (const address of addressesOf(config)) {
    const server = createHttpServer(log, routes, 'port' in address);
    const opened = await listen(server, address);
    const where = formatAddress(address);
    if (opened.ok) {
      servers.push(server);
      listening.push(where);
      log.info({ address: where }, 'http is listening');
    } else {
      failed.push(`${where}: ${opened.error}`);
      log.error({ address: where, detail: opened.error }, 'http cannot listen; the board works on without it');
    }
  }
  return { servers, listening, failed };
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
