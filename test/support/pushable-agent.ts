import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { FileSystem } from '../../agent/config/generations/file-system.ts';
import type { ConfigHome } from '../../agent/config/home.ts';
import type { Agent, Environment } from '../../agent/environment.ts';
import { createMemoryBroker, type MemoryBroker, type MemoryClient } from '../../agent/mqtt/memory-link.ts';
import type { Value } from '../../agent/qn/message.ts';
import { startAgent } from '../../agent/start.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { createArrivals } from './arrivals.ts';
import { openHome, plainOf } from './config-home.ts';
import { decodeHeard, type Heard, type Listener, listen } from './heard.ts';
import { openNowhere } from './open-nowhere.ts';
import { linkOver, surroundingsOn } from './surroundings.ts';

export interface PushableOptions {
  readonly node?: string;
  readonly documents: readonly string[];
  /** Other sections, as YAML. `config: { trust: none }` if not said otherwise. */
  readonly sections?: string;
  readonly broker?: MemoryBroker;
  readonly board?: MemoryBoard;
  readonly clock?: Clock;
  readonly files?: FileSystem;
  /** Where an earlier life kept its configs; else an own one, removed at the end. */
  readonly stateFolder?: string;
  /** Instead of the configs on the disk. */
  configs?(home: ConfigHome): ConfigHome;
}

/** A whole agent in this process that takes configs over the air: broker and board in memory, its configs on the disk. */
export interface PushableAgent extends AsyncDisposable {
  readonly node: string;
  readonly agent: Agent;
  readonly broker: MemoryBroker;
  readonly board: MemoryBoard;
  readonly client: MemoryClient;
  readonly stateFolder: string;
  readonly hear: Listener['hear'];
  readonly all: readonly Heard[];
  /** The config with other documents and sections, as a value. */
  value(documents: readonly string[], sections?: string): Value;
  /** Sends this message on `notify/config`. */
  push(message: object, retain?: boolean): void;
  /** The final ack of the push with this id. */
  ending(id: number): Promise<Heard>;
}

/** A broker of this name is never reached, and one that lets nobody in. */
export const deadBroker = 'mqtt://dead.example:1883';
export const lockedBroker = 'mqtt://locked.example:1883';

const finals = ['successful', 'failed', 'rejected', 'duplicate', 'expired'];

export async function startPushableAgent(options: PushableOptions): Promise<PushableAgent> {
  const { node = 'pi-1', clock = systemClock, board = createMemoryBoard(), files } = options;
  const broker = options.broker ?? createMemoryBroker({ clock });
  const stateFolder = options.stateFolder ?? (await mkdtemp(path.join(tmpdir(), 'qn-push-')));
  const text = (documents: readonly string[], sections = options.sections ?? 'config: { trust: none, verify: 2s }') =>
    `node: ${node}
mqtt: { brokers: [{ url: "mqtt://127.0.0.1" }] }
gpio: { backend: simulated }
state-folder: ${stateFolder}
documents:${documents.length === 0 ? ' {}' : ''}
${documents.map((line) => `  ${line}\n`).join('')}
${sections}
`;
  const home = await openHome({ text: text(options.documents), stateFolder, ...(files !== undefined && { files }) });
  const arrivals = createArrivals<Heard>();
  const client = broker.client(({ topic, payload, retain }) => {
    const heard = decodeHeard(topic, payload);
    if (heard !== undefined) arrivals.push({ ...heard, retain, correlation: undefined, contentType: undefined });
  });
  client.subscribe(`qn/1/${node}/#`);
  const openLink = linkOver(broker, node);
  const agent = await startAgent(home.candidate.checked, {
    ...surroundingsOn(board, clock),
    openLink,
    prepareLink: async ({ mqtt }) => ok(linkTo(mqtt.brokers[0]?.url) ?? openLink),
    configs: options.configs?.(home) ?? home,
  });
  await agent.office;
  return {
    ...{ node, agent, broker, board, client, stateFolder },
    all: arrivals.all,
    hear: (wanted, deadlineMs) => listen(arrivals, wanted, deadlineMs),
    value: (documents, sections) => plainOf(text(documents, sections)),
    push: (message, retain = false) =>
      client.publish(`qn/1/${node}/notify/config`, JSON.stringify(message), { retain }),
    ending: (id) =>
      listen(arrivals, {
        verb: 'ack',
        document: 'config',
        id: BigInt(id),
        test: ({ message }) => message.t === 'ack' && finals.includes(message.st),
      }),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      if (options.stateFolder === undefined) await rm(stateFolder, { recursive: true, force: true });
    },
  };
}

function linkTo(url: string | undefined): Environment['openLink'] | undefined {
  if (url === deadBroker) return openNowhere({ kind: 'refused', detail: `${url}: connection refused` });
  if (url === lockedBroker) return openNowhere({ kind: 'auth', detail: `${url}: user or password is wrong` });
  return undefined;
}
