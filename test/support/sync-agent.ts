import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import type { Message } from '../../agent/qn/message.ts';
import { decodeMessage } from '../../agent/qn/registry.ts';
import { startAgent } from '../../agent/start.ts';
import { openBytePort } from '../../drivers/registry.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { checkedOf } from './checked-config.ts';
import { linkOver, surroundingsOn } from './surroundings.ts';

export interface Said {
  /** Below the root: `pi-1/state/gpio.relay1`. */
  readonly topic: string;
  readonly message: Message;
  readonly retain: boolean;
}

const text = `
node: pi-1
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:1883" }] }
gpio: { backend: simulated }
documents:
  gpio.relay1: { driver: gpio-out, line: GPIO17 }
  gpio.button1: { driver: gpio-in, line: GPIO27 }
`;

/** The whole agent in this process: a broker and a board in memory, everything else as it is shipped. */
export async function startSyncAgent(sections = '') {
  const broker = createMemoryBroker();
  const board = createMemoryBoard();
  const said: Arrivals<Said> = createArrivals();
  const client = broker.client(({ topic, payload, retain }) => {
    const decoded = decodeMessage(payload, { nowMs: Date.now() });
    if (decoded.ok) said.push({ topic: topic.slice('qn/1/'.length), message: decoded.value, retain });
  });
  client.subscribe('qn/1/#');
  const environment = { ...surroundingsOn(board), openBytePort, openLink: linkOver(broker, 'pi-1') };
  const agent = await startAgent(checkedOf(`${text}${sections}`), environment);
  await said.next(({ topic }) => topic === 'pi-1/state/channels');
  return {
    agent,
    broker,
    board,
    said,
    /** Below the node: `notify/gpio.relay1`. */
    say: (below: string, payload: string) => client.publish(`qn/1/pi-1/${below}`, payload),
    on: (topic: string) => said.next((one) => one.topic === topic),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}
