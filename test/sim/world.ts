import type { Clock } from '../../agent/clock.ts';
import { read } from '../../agent/documents/reader.ts';
import type { Agent } from '../../agent/environment.ts';
import { createMemoryBroker, type MemoryPublishOptions } from '../../agent/mqtt/memory-link.ts';
import type { Message, Value } from '../../agent/qn/message.ts';
import { decodeMessage, encodeMessage } from '../../agent/qn/registry.ts';
import { parseTopic } from '../../agent/qn/topic.ts';
import { applyMergePatch } from '../../agent/qn/value.ts';
import { startAgent } from '../../agent/start.ts';
import { Platter } from '../../agent/store/platter.ts';
import type { Store } from '../../agent/store/store.ts';
import type { Edge } from '../../drivers/contract/digital.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { sorted } from '../agent/documents/owner-model.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { configOf } from '../support/memory-agent.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { Commander, type Order } from './commander.ts';
import { type Doer, doerDocuments } from './doers.ts';
import { EventLedger, eventTextOf } from './event-ledger.ts';
import { Follower } from './follower.ts';
import { beginLife, clientId, type Life, type Outside } from './life.ts';
import { type Plant, planted, readWithoutBase } from './plants.ts';
import { createSerialDevice } from './serial-device.ts';

const documents = [
  ...doerDocuments,
  'button: { driver: gpio-in, line: BUTTON }',
  'meter: { driver: gpio-counter, line: METER, publish: { min: 100ms } }',
];
const followed = ['meter', 'relay', 'button', 'lamp'];
const inbox = 'reader/inbox';
const watchInbox = 'reader/watch';

export interface WorldOptions {
  readonly seed: number;
  readonly plant: Plant | undefined;
  trace(line: string): void;
}

/** Agent, broker, board, commander and readers in one process, on one clock. Knows no chance: see script.ts. */
export class World implements Outside {
  readonly clock = createFakeClock();
  readonly random: () => number;
  readonly board = createMemoryBoard({ nowNs: () => BigInt(Math.round(this.clock.monotonicMs() * 1e6)) });
  readonly device = createSerialDevice(this.clock);
  readonly platter = new Platter();
  readonly broker = createMemoryBroker({ clock: this.clock, random: () => this.random() });
  readonly events = new EventLedger();
  readonly commander: Commander;
  readonly followers: readonly Follower[];
  readonly violations: string[] = [];
  /** The share of messages that neither reader nor commander hears. */
  deafness = 0;
  life: Life | undefined;
  agent: Agent | undefined;
  crashesCount = 0;
  #droppedBefore = 0;
  /** When the store did not work last. */
  #troubledMs = -1;
  readonly #options: WorldOptions;
  readonly #config: ReturnType<typeof configOf>;
  readonly #history = new Map<string, Value>();
  readonly #client = this.broker.client(({ topic, payload }) => this.#hear(topic, payload));

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    const profile = this.random() < 0.9 ? 'tiny' : 'standard'; // The large one takes most of the time to test itself.
    // No file has this name, which the system is not even asked about: no thread takes part, so every run is the same.
    this.#config = {
      ...configOf({ documents, sections: `pool: { profile: ${profile} }` }, '/nowhere'),
      stateFolder: '\0',
    };
    this.commander = new Commander({
      random: this.random,
      edgesOf: (doer) => this.edgesOf(doer).length,
      publish: (order, received) => this.#command(order, received),
    });
    this.followers = this.#follow(options.plant === 'reader without base' ? readWithoutBase : read);
    for (const filter of ['qn/1/#', 'reader/#']) this.#client.subscribe(filter);
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  trace(line: string): void {
    this.#options.trace(`${this.nowMs} ${line}`);
  }

  boot(): void {
    const life = beginLife(this);
    this.life = life;
    void startAgent({ config: this.#config, hash: 'hash' }, life.environment).then(
      (agent) => {
        if (life.isAlive) this.agent = agent;
      },
      (error: unknown) => {
        if (life.isAlive) this.violations.push(`the agent did not start: ${String(error)}`);
      },
    );
  }

  crash(commit: 'lost' | 'kept'): void {
    this.#droppedBefore += this.agent?.sources.outbox().dropped ?? 0;
    this.crashesCount += 1;
    this.commander.mourn();
    this.life?.end();
    this.platter.crash(commit);
    this.life = undefined;
    this.agent = undefined;
  }

  /** What the agent, in all its lives, says it threw away. */
  get droppedCount(): number {
    const stored = [...this.platter.load().dropped.values()].reduce((sum, count) => sum + count, 0);
    return this.#droppedBefore + (this.agent?.sources.outbox().dropped ?? 0) + stored;
  }

  /** What the line of a doer did so far, as a meter sees it. */
  edgesOf({ line }: Doer): readonly Edge[] {
    if (line === undefined) return [];
    return this.board.wire(line.name).edges.filter(({ level }) => line.edges === 'any' || level === 1);
  }

  event(text: string): void {
    if (this.agent === undefined || this.life === undefined || !this.device.isHeard) return;
    this.events.happen(text, this.life, this.nowMs);
    this.device.say(text);
  }

  /** What the broker would tell somebody who joins now. */
  retained(document: string): Message | undefined {
    const client = this.broker.client();
    client.subscribe(`qn/1/${clientId}/state/${document}`);
    const decoded = client.arrived[0] && decodeMessage(client.arrived[0].payload, { nowMs: this.clock.wallMs() });
    return decoded?.ok === true ? decoded.value : undefined;
  }

  /** Time goes on; everybody does what is due. */
  async pass(ms: number): Promise<void> {
    this.#noticeTrouble();
    await this.settle();
    await this.clock.advance(ms);
    await this.settle();
    this.#noticeTrouble();
    this.events.settle(this.nowMs, this.#troubledMs);
    this.commander.tick(this.nowMs);
    for (const follower of this.followers) follower.tick(this.nowMs);
  }

  /** Turns of the event loop until nothing is left to do without a timer; more than any chain of them is long. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async wrapStore(store: Store, clock: Clock): Promise<Store> {
    return this.events.watch(await planted(this.#options.plant, store, clock));
  }

  /** While the disk takes nothing the agent goes on all the same, and promises less. */
  #noticeTrouble(): void {
    const state = this.agent?.sources.store()?.state ?? 'working';
    if (this.platter.trouble === undefined && state === 'working') return;
    this.#troubledMs = this.nowMs;
    this.commander.excuse();
  }

  /** Some read what is there for everybody, one has a watch. */
  #follow(reading: typeof read): readonly Follower[] {
    const watch = { mode: 'watch', lease: 3_600_000, reply: watchInbox } as const;
    const ask = (document: string, query: object, id: bigint) =>
      this.#say('query', document, { t: 'query', id, ...query });
    const readers = followed.map((document, index) => {
      const query = (id: bigint) => ask(document, { reply: inbox }, id);
      return new Follower({ document, read: reading, query, firstId: BigInt(index + 1) * 1_000_000n });
    });
    const query = (id: bigint) => ask('meter', watch, id);
    return [...readers, new Follower({ document: 'meter', inbox: watchInbox, read: reading, query, firstId: 1n })];
  }

  #command({ id, doer: { document }, value }: Order, received: (() => void) | undefined): void {
    const message = { t: 'notify', id, src: 'commander', val: value } as const;
    if (received === undefined) return this.#say('notify', document, message);
    const told = () => {
      this.trace(`kept ${id}`);
      if (this.platter.load().journal.some((row) => row.id === id)) received();
    };
    return this.#say('notify', document, message, { qos: 2, received: told });
  }

  #say(verb: 'notify' | 'query', document: string, message: Message, how: MemoryPublishOptions = {}): void {
    this.trace(`> ${verb} ${document} ${message.id}`);
    const encoded = encodeMessage(message, 'json');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    this.#client.publish(`qn/1/${clientId}/${verb}/${document}`, encoded.value.bytes, how);
  }

  #hear(topic: string, payload: Uint8Array): void {
    const decoded = decodeMessage(payload, { nowMs: this.clock.wallMs() });
    const verb = topic.startsWith('reader/') ? 'answer' : parseTopic('qn/1', topic)?.verb;
    if (verb === 'notify' || verb === 'query') return;
    if (!decoded.ok) return void this.violations.push(`unreadable: ${topic}`);
    const message = decoded.value;
    if (verb !== 'health') this.trace(`< ${topic} ${Buffer.from(payload).toString()}`);
    const text = eventTextOf(message);
    if (text !== undefined) this.events.deliver(text);
    this.#remember(message);
    const isHeard = this.random() >= this.deafness;
    if (message.t === 'ack') this.commander.hear(message, isHeard);
    if (!isHeard) return;
    for (const follower of this.followers) this.#tell(follower, topic, message);
  }

  /** This ear misses nothing: each value of the owner is told as a Snapshot, or as a Delta where that was dropped. */
  #remember(message: Message): void {
    const { t, doc, ep, ver, base, val = null } = message;
    if ((t !== 'snapshot' && t !== 'delta') || ep === undefined || ver === undefined) return;
    const key = `${doc} ${ep} ${ver}`;
    const before = this.#history.get(key);
    const from = this.#history.get(`${doc} ${ep} ${base}`);
    if (t === 'delta' && from === undefined) return;
    const value = t === 'delta' ? applyMergePatch(from ?? null, val) : val;
    const [old, now] = [JSON.stringify(sorted(before ?? null)), JSON.stringify(sorted(value))];
    if (before !== undefined && old !== now) this.violations.push(`two values of ${key}: ${old} and ${now}`);
    this.#history.set(key, value);
  }

  #tell(follower: Follower, topic: string, message: Message): void {
    follower.hear(topic, message);
    const { document, known } = follower;
    if (known === undefined) return;
    const key = `${document} ${known.epoch} ${known.version}`;
    const text = JSON.stringify(sorted(known.value));
    const owner = JSON.stringify(sorted(this.#history.get(key) ?? null));
    if (owner !== text) this.violations.push(`the reader has ${text} as ${key}; the owner had ${owner}`);
  }
}
