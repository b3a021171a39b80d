import { PerformanceObserver } from 'node:perf_hooks';
import type { InboundMessage, LinkHandlers } from '../../agent/mqtt/link.ts';
import { encodeCompact } from '../../agent/qn/compact.ts';
import { startAgent } from '../../agent/start.ts';
import { ok } from '../../drivers/contract/result.ts';
import { configOf } from '../support/memory-agent.ts';
import { surroundingsOn } from '../support/surroundings.ts';

/**
 * `allocation-run.ts MESSAGES ACK FOLDER`: the whole agent in this process, fed with 17-byte commands as they come out of an
 * MQTT packet, in batches; prints how much V8 allocated for one of them as JSON. To be run with young objects so roomy that
 * nothing is collected meanwhile: then all that was allocated is what the heap grew by.
 */
const [messages = '0', ack, folder = ''] = process.argv.slice(2);
const messagesCount = Number(messages);
const batchCount = 32;
const warmUpRounds = 8;
const topic = 'qn/1/pi-1/notify/gpio.relay';

let handlers: LinkHandlers | undefined;
const counters = { connects: 1, attempts: 1, messagesIn: 0, messagesOut: 0 };
const documents = ['gpio.relay: { driver: gpio-out, line: RELAY, number: 1 }'];
const config = configOf({ documents, mqtt: ['acks: final'] }, folder);
const agent = await startAgent(
  { config, hash: 'hash' },
  {
    ...surroundingsOn(),
    openLink(_will, _subscriptions, told) {
      handlers = told;
      return {
        ...{ isUp: true, counters, brokers: () => [] },
        publish: (_message, done) => void setImmediate(done, ok()),
        async [Symbol.asyncDispose]() {},
      };
    },
  },
);
handlers?.onUp({ broker: 'mqtt://127.0.0.1', protocolVersion: 5, receiveMaximum: 65_535 });

const payload = new Uint8Array(17);
const fields = { kind: 'notify', vtype: 'bool', value: true, channel: 1, ts: 0, pri: 0, clk: 0 } as const;
encodeCompact({ ...fields, id: 0, ack: ack === 'ack' }, payload);
const view = new DataView(payload.buffer);
const message: InboundMessage = { topic, payload, qos: 0, retain: false, duplicate: false, properties: {} };
let nextId = 1;

async function feed(count: number): Promise<void> {
  for (let given = 0; given < count; given += batchCount) {
    for (let place = 0; place < batchCount; place += 1) {
      view.setUint32(5, nextId);
      nextId += 1;
      handlers?.onMessage(message);
    }
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What the turns of the loop take by themselves, without a message. */
async function idle(count: number): Promise<void> {
  for (let given = 0; given < count; given += batchCount) {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let collections = 0;
new PerformanceObserver((list) => void (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });

async function allocated(what: (count: number) => Promise<void>): Promise<number> {
  const before = process.memoryUsage().heapUsed;
  await what(messagesCount);
  return process.memoryUsage().heapUsed - before;
}

for (let round = 0; round < warmUpRounds; round += 1) await feed(messagesCount); // Compiled, and every table that grows has grown.
await idle(messagesCount);
globalThis.gc?.();
globalThis.gc?.();
await new Promise((resolve) => setTimeout(resolve, 100));
collections = 0;
const successfulBefore = agent.sources.dispatch().successful;
const sinceMs = performance.now();
const fed = await allocated(feed);
const tookMs = performance.now() - sinceMs;
const carriedOut = agent.sources.dispatch().successful - successfulBefore;
const waited = await allocated(idle);
await new Promise((resolve) => setTimeout(resolve, 100));
const perMessage = (fed - waited) / messagesCount;
console.log(JSON.stringify({ bytes: perMessage, collections, carriedOut, us: (1_000 * tookMs) / messagesCount }));
process.exit(0);
