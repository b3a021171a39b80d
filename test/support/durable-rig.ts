import type { PoolLimits } from '../../agent/limits.ts';
import type { PublishDone } from '../../agent/mqtt/connection.ts';
import type { Durability, DurableOutgoing } from '../../agent/mqtt/durable-message.ts';
import { DurableOutbox } from '../../agent/mqtt/durable-outbox.ts';
import type { Link } from '../../agent/mqtt/link.ts';
import { Outbox } from '../../agent/mqtt/outbox.ts';
import { createPool } from '../../agent/pool/pool.ts';
import type { StoreLimits } from '../../agent/store/limits.ts';
import type { Store } from '../../agent/store/store.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { FakeClock } from './fake-clock.ts';
import { type MemoryRig, openMemoryRig } from './store-rigs.ts';

/** What fits into the memory of the outbox here. */
export const memoryCount = 10;

const limits: PoolLimits = {
  small: { payloadBytes: 32, quota: { inbound: 1, executing: 1, outbox: memoryCount - 1, framer: 1 } },
  large: { payloadBytes: 128, quota: { inbound: 1, executing: 1, outbox: 1, framer: 1 } },
};

/** One life of the agent after the other over the same platter, and a broker that acknowledges when the test says so. */
export interface DurableRig extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly platter: MemoryRig['platter'];
  readonly store: Store;
  readonly outbox: Outbox;
  readonly durable: DurableOutbox;
  /** Everything that was handed to the link, in all lives. */
  readonly sent: readonly string[];
  up(): void;
  down(): void;
  /** As the store's `onTrouble` does in the agent. */
  storeChanged(): void;
  say(text: string, durability?: Durability, document?: string, waits?: DurableOutgoing['waits']): boolean;
  /** The broker acknowledges the oldest ones, and goes on while there are more, up to so many. */
  acknowledge(countMax?: number): Promise<void>;
  /** Everything that can settle has. */
  settle(): Promise<void>;
  /** Texts on the disk. */
  stored(): readonly string[];
  crash(isKept?: boolean): Promise<void>;
  /** A new life. */
  start(): Promise<void>;
}

export async function openDurableRig(storeLimits: Partial<StoreLimits> = {}): Promise<DurableRig> {
  const memory = openMemoryRig();
  const { clock, platter } = memory;
  const sent: string[] = [];
  const handed: PublishDone[] = [];
  let life = await open();

  async function open() {
    const store = await memory.open(storeLimits);
    const pool = createPool(limits);
    pool.seal();
    const outbox = new Outbox(clock, pool);
    return { store, outbox, durable: new DurableOutbox(clock, outbox, store) };
  }

  const link: Link = {
    isUp: true,
    counters: { connects: 1, attempts: 1, messagesIn: 0, messagesOut: 0 },
    brokers: () => [],
    publish({ payload }, done) {
      sent.push(Buffer.from(payload).toString());
      handed.push(done);
    },
    async [Symbol.asyncDispose]() {},
  };
  const rig: DurableRig = {
    clock,
    platter,
    get store() {
      return life.store;
    },
    get outbox() {
      return life.outbox;
    },
    get durable() {
      return life.durable;
    },
    sent,
    up() {
      const { outbox, durable } = life;
      outbox.onRoom(() => durable.refill());
      outbox.up(link, { broker: 'test', protocolVersion: 5, receiveMaximum: 65_535 });
      durable.up();
    },
    down() {
      for (const done of handed.splice(0)) done(fail({ kind: 'closed', detail: 'gone' }));
      life.outbox.down();
      life.durable.down();
    },
    storeChanged: () => life.durable.storeChanged(),
    say: (text, durability = 'soon', document = 'gpio.x', waits?) =>
      life.durable.send({
        topic: `qn/1/pi/event/${document}`,
        bytes: Buffer.from(text),
        qos: 1,
        retain: false,
        policy: 'keep',
        durability,
        document,
        ...(waits && { waits }),
      }),
    async acknowledge(countMax = Infinity) {
      await rig.settle();
      for (let count = 0; count < countMax && handed.length > 0; count += 1) {
        handed.shift()?.(ok());
        await rig.settle();
        if (handed.length === 0 && countMax === Infinity && life.store.outbox.count > 0) await clock.advance(100); // Its pace.
        await rig.settle();
      }
    },
    async settle() {
      for (let turn = 0; turn < 8; turn += 1) await clock.advance(0);
    },
    stored: () => platter.messagesAfter(0).map(({ message }) => Buffer.from(message.bytes).toString()),
    async crash(isKept) {
      handed.length = 0;
      await memory.crash(isKept);
    },
    async start() {
      life = await open();
    },
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  };
  return rig;
}
