import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { Environment } from '../../agent/environment.ts';
import { type Log, silentLog } from '../../agent/log.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { startAgent } from '../../agent/start.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { createArrivals } from './arrivals.ts';
import { checkedOf } from './checked-config.ts';
import { linkOver, surroundingsOn } from './surroundings.ts';

interface Said {
  /** Below the node: `state/serial.scale`. */
  readonly topic: string;
  /** Empty where a retained value was taken off the broker. */
  readonly message: { readonly val?: unknown; readonly st?: string; readonly why?: string; readonly detail?: string };
}

export interface PluggedAgentOptions {
  /** Lines below `documents:`. */
  readonly documents: readonly string[];
  /** More lines of the config. */
  readonly sections?: string;
  readonly clock?: Clock;
  /** Plugged in before the start. */
  readonly ports?: readonly string[];
  readonly log?: Log;
  /** Its GPIO lines; without it every name is a line. */
  readonly board?: MemoryBoard;
  /** Other than the simulated ports below. */
  readonly openBytePort?: Environment['openBytePort'];
}

/** The whole agent over a memory link, with serial ports that the test plugs in and out by name. */
export async function startPluggedAgent(options: PluggedAgentOptions) {
  const { documents, sections = '', ports = [], clock = systemClock, log = silentLog, openBytePort } = options;
  const { board = createMemoryBoard() } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'plugged-'));
  const lines = documents.map((line) => `  ${line}`).join('\n');
  const text = `node: n\nmqtt: { brokers: [{ url: mqtt://x }] }\nstate-folder: ${folder}\n${sections}\ndocuments:\n${lines}\n`;
  const broker = createMemoryBroker({ clock });
  const said = createArrivals<Said>();
  const client = broker.client(({ topic, payload }) => {
    said.push({
      topic: topic.replace('qn/1/n/', ''),
      message: payload.length === 0 ? {} : JSON.parse(Buffer.from(payload).toString()),
    });
  });
  for (const verb of ['state', 'event', 'ack', 'health']) client.subscribe(`qn/1/n/${verb}/#`);
  const plugged = new Map<string, SimulatedSerialPair | undefined>(ports.map((port) => [port, undefined]));
  const around = surroundingsOn(board, clock);
  const environment: Environment = {
    ...around,
    log,
    async openBytePort(resource, settings) {
      if (openBytePort !== undefined) return await openBytePort(resource, settings);
      if (!plugged.has(resource)) return await around.openBytePort(resource);
      const pair = createSimulatedSerialPair({}, clock);
      plugged.set(resource, pair);
      return ok(pair.left);
    },
    openLink: linkOver(broker, 'n'),
  };
  const agent = await startAgent({ config: checkedOf(text).config, hash: 'hash' }, environment);
  return {
    agent,
    said,
    /** The next message on the topic whose content has these fields. */
    hear: (topic: string, val: unknown) =>
      said.next((item) => item.topic === topic && JSON.stringify(item.message.val) === JSON.stringify(val)),
    hearAck: (document: string, status: string) =>
      said.next(({ topic, message }) => topic === `ack/${document}` && message.st === status),
    hearHealth: (status: string) =>
      said.next(({ topic, message }) => topic === 'health/agent' && fieldOf(message.val, 'status') === status),
    notify: (document: string, payload: string) => client.publish(`qn/1/n/notify/${document}`, payload, { qos: 1 }),
    /** No broker can be reached, until `mend`. */
    cut() {
      broker.setWeather({ refusesConnects: true });
      broker.drop('n');
    },
    mend: () => broker.setWeather({ refusesConnects: false }),
    plug: (resource: string) => void plugged.set(resource, undefined),
    unplug(resource: string) {
      plugged.get(resource)?.unplug();
      plugged.delete(resource);
    },
    /** The line while it is open; the agent is at its left end. */
    line: (resource: string) => plugged.get(resource),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
