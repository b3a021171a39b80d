import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { Config } from '../../agent/config/config.ts';
import type { Agent, Environment } from '../../agent/environment.ts';
import { createMemoryBroker, type MemoryBroker, type MemoryPublishOptions } from '../../agent/mqtt/memory-link.ts';
import { startAgent } from '../../agent/start.ts';
import { openMemoryStore } from '../../agent/store/memory-store.ts';
import type { Platter } from '../../agent/store/platter.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { createArrivals } from './arrivals.ts';
import { checkedOf } from './checked-config.ts';
import { configText } from './config-text.ts';
import { decodeHeard, type Heard, type Listener, listen } from './heard.ts';
import { linkOver, surroundingsOn } from './surroundings.ts';

export interface MemoryAgentOptions {
  readonly documents: readonly string[];
  readonly node?: string;
  readonly sections?: string;
  readonly mqtt?: readonly string[];
  readonly clock?: Clock;
  /** Shared with another agent; else an own one. */
  readonly broker?: MemoryBroker;
  readonly board?: MemoryBoard;
  /** Instead of the board: lines of a kernel. */
  readonly openGpio?: Environment['openGpio'];
  readonly keepLines?: Environment['keepLines'];
  readonly configured?: Environment['configured'];
  /** By resource; any other one is absent. */
  readonly ports?: { readonly [resource: string]: BytePort };
  readonly random?: () => number;
  /** What outlives the agent; absent: nothing. */
  readonly platter?: Platter;
}

/** The whole agent in this process: memory link, board in memory, ports of the test, clock of the test. */
export interface MemoryAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly broker: MemoryBroker;
  readonly board: MemoryBoard;
  readonly all: readonly Heard[];
  readonly hear: Listener['hear'];
  /** Below the topics of the node. */
  say(below: string, payload: string | Uint8Array, options?: MemoryPublishOptions): void;
}

/** Resolves when it is started, which is before it is connected. */
export async function startMemoryAgent(options: MemoryAgentOptions): Promise<MemoryAgent> {
  const { clock = systemClock, node = 'pi-1', board = createMemoryBoard(), random = () => 0 } = options;
  const broker = options.broker ?? createMemoryBroker({ clock });
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-agent-'));
  const config = { ...configOf(options, folder), node };
  const arrivals = createArrivals<Heard>();
  const client = broker.client(({ topic, payload, retain, properties }) => {
    const heard = decodeHeard(topic, payload);
    const { correlationData, contentType } = properties;
    const correlation = correlationData === undefined ? undefined : Buffer.from(correlationData).toString();
    if (heard !== undefined) arrivals.push({ ...heard, retain, correlation, contentType });
  });
  client.subscribe('#');
  const around = surroundingsOn(board, clock);
  const environment: Environment = {
    ...(options.keepLines !== undefined && { keepLines: options.keepLines }),
    ...(options.configured !== undefined && { configured: options.configured }),
    ...around,
    random,
    openGpio: options.openGpio ?? around.openGpio,
    async openBytePort(resource) {
      const port = options.ports?.[resource];
      return port === undefined ? await around.openBytePort(resource) : ok(port);
    },
    openLink: linkOver(broker, node),
  };
  const { platter } = options;
  const openStore: Environment['openStore'] =
    platter && ((onTrouble) => openMemoryStore(platter, { clock, onTrouble }));
  const agent = await startAgent({ config, hash: 'hash' }, { ...environment, ...(openStore && { openStore }) });
  return {
    agent,
    broker,
    board,
    all: arrivals.all,
    hear: (wanted, deadlineMs) => listen(arrivals, wanted, deadlineMs),
    say: (below, payload, more) => client.publish(`qn/1/${node}/${below}`, payload, more),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A config as the loader gives it, from the sections of a test. */
export function configOf(options: Omit<MemoryAgentOptions, 'node'>, folder: string): Config {
  const text = configText({ ...options, url: 'mqtt://127.0.0.1', board: folder, state: folder });
  return checkedOf(text).config;
}
