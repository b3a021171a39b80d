import { type Agent } from '../../agent/environment.ts';
import type { InboundMessage } from '../../agent/mqtt/link.ts';
import { createMemoryBroker, type MemoryPublishOptions } from '../../agent/mqtt/memory-link.ts';
import { startAgent } from '../../agent/start.ts';
import { Platter } from '../../agent/store/platter.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { beginLife, type Life, type Outside } from '../sim/life.ts';
import { createSerialDevice, type SerialDevice } from '../sim/serial-device.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { decodeHeard, type Heard } from './heard.ts';
import { configOf } from './memory-agent.ts';

/** One board after the other life of its agent: what is on the disk, on the wires and at the broker stays. */
export interface Lives extends AsyncDisposable {
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly platter: Platter;
  readonly board: Outside['board'] & ReturnType<typeof createMemoryBoard>;
  readonly device: SerialDevice;
  /** Everything that was said on the wire. */
  readonly heard: readonly Heard[];
  /** Acks of that id as `status reason`, without those of its beginning. */
  ends(id: bigint): readonly string[];
  /** Starts the agent and waits until it is connected. */
  boot(): Promise<void>;
  /** The power fails; what is being committed is lost. */
  crash(): void;
  say(below: string, payload: string, options?: MemoryPublishOptions): void;
  pass(ms: number): Promise<void>;
}

/** Documents see one serial device, whatever their port is called. */
export function openLives(documents: readonly string[], sections = ''): Lives {
  const clock = createFakeClock();
  const board = createMemoryBoard({ nowNs: () => BigInt(Math.round(clock.monotonicMs() * 1e6)) });
  const broker = createMemoryBroker({ clock });
  const outside: Outside = {
    clock,
    random: () => 0,
    board,
    broker,
    device: createSerialDevice(clock),
    platter: new Platter(),
    wrapStore: (store) => Promise.resolve(store),
  };
  const config = { ...configOf({ documents, sections }, '/nowhere'), stateFolder: '\0' };
  const heard: Heard[] = [];
  const client = broker.client(({ topic, payload }: Pick<InboundMessage, 'topic' | 'payload'>) => {
    const message = decodeHeard(topic, payload);
    if (message !== undefined)
      heard.push({ ...message, retain: false, correlation: undefined, contentType: undefined });
  });
  client.subscribe('#');
  let life: Life | undefined;
  let agent: Agent | undefined;
  const settle = async () => {
    for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const lives: Lives = {
    get agent() {
      if (agent === undefined) throw new Error('no agent is alive');
      return agent;
    },
    clock,
    platter: outside.platter,
    board,
    device: outside.device,
    heard,
    ends: (id) =>
      heard.flatMap(({ verb, message }) => {
        if (verb !== 'ack' || message.t !== 'ack' || message.id !== id) return [];
        const isBeginning = message.st === 'accepted' || message.st === 'executing';
        return isBeginning ? [] : [message.why === undefined ? message.st : `${message.st} ${message.why}`];
      }),
    async boot() {
      const begun = beginLife(outside);
      life = begun;
      const started = startAgent({ config, hash: 'hash' }, begun.environment);
      void started.then((alive) => {
        agent = alive;
      });
      await lives.pass(50);
      if (agent === undefined) throw new Error('the agent did not start within 50 ms');
    },
    crash() {
      life?.end();
      outside.platter.crash('lost');
      agent = undefined;
    },
    say: (below, payload, options) => client.publish(`qn/1/pi-1/${below}`, payload, options),
    async pass(ms) {
      await settle();
      await clock.advance(ms);
      await settle();
    },
    async [Symbol.asyncDispose]() {
      const disposed = agent?.[Symbol.asyncDispose]();
      for (let turn = 0; turn < 60; turn += 1) await lives.pass(100);
      await disposed;
    },
  };
  return lives;
}
