import { checkValueSteps } from '../../../agent/config/check-value.ts';
import type { Config } from '../../../agent/config/config.ts';
import { contentOf } from '../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../agent/config/generations/keeper.ts';
import type { ConfigHome } from '../../../agent/config/home.ts';
import { isPlainMap } from '../../../agent/config/plain-map.ts';
import type { Agent } from '../../../agent/environment.ts';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import type { Ack, Value } from '../../../agent/qn/message.ts';
import { decodeMessage } from '../../../agent/qn/registry.ts';
import { parseTopic } from '../../../agent/qn/topic.ts';
import { startAgent } from '../../../agent/start.ts';
import { atOnce, inTurns, type Steps } from '../../../agent/steps.ts';
import { ok } from '../../../drivers/contract/result.ts';
import type { PwmWave } from '../../../drivers/pwm-simulated.ts';
import { CutFiles } from '../../support/cut-files.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { environmentOf, node } from './environment.ts';
import { type Pair, watchPairs } from './pairs.ts';
import { Ports } from './ports.ts';
import { heldLine, type Written } from './random-config.ts';
import { lines } from './random-document.ts';
import { Wires } from './wires.ts';

const ends: ReadonlySet<string> = new Set(['successful', 'failed', 'rejected', 'duplicate', 'expired', 'superseded']);

class FillingDisk extends CutFiles {
  isFull = false;

  override async replace(file: string, text: string): Promise<void> {
    if (this.isFull) throw new Error('no space left');
    await super.replace(file, text);
  }
}

export interface Command {
  readonly id: bigint;
  readonly document: string;
  readonly isPulse: boolean;
  readonly ending: Promise<Ack>;
  isHeard: boolean;
  end: Ack | undefined;
  ended(ack: Ack): void;
}

/** An agent, its broker, its board and whoever commands it, in one process and on one clock. */
export class ChangeWorld {
  readonly clock = createFakeClock();
  readonly random: () => number;
  readonly violations: string[] = [];
  readonly commands = new Map<bigint, Command>();
  /** What the broker would tell somebody who joins now, below `state`. */
  readonly retained = new Map<string, Value>();
  /** Documents that told another value, in order. */
  readonly deltas: string[] = [];
  readonly waves = new Map<string, PwmWave>();
  /** Channels that were driven, in order. */
  readonly waveSets: string[] = [];
  readonly files = new FillingDisk(new Map());
  readonly broker = createMemoryBroker({ clock: this.clock });
  readonly wires: Wires;
  readonly ports: Ports;
  readonly trace: (line: string) => void;
  /** Lines that must not be on together now. */
  pairs: readonly Pair[] = [];
  /** On the board. */
  file: Written;
  agent!: Agent;
  home!: ConfigHome;
  readonly #excused = new Set<Command>();
  readonly #client = this.broker.client(({ topic, payload }) => this.#hear(topic, payload));

  constructor(seed: number, first: (random: () => number) => Written, trace: (line: string) => void = () => {}) {
    this.random = seededRandom(seed);
    this.trace = (line) => trace(`${this.nowMs} ${line}`);
    this.file = first(this.random);
    const look = watchPairs(this);
    const nowMs = () => this.nowMs;
    this.wires = new Wires([...lines, heldLine], nowMs, (edge) => {
      this.trace(`~ ${edge.line} ${edge.level}`);
      look(edge);
    });
    this.wires.memory.claim(heldLine, 'another program');
    this.ports = new Ports(this.clock, (text) => this.violate(text));
    this.#client.subscribe('#');
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  get config(): Config {
    return this.agent.changeable.running.config;
  }

  get isConnected(): boolean {
    return this.broker.connectedIds.includes(node);
  }

  violate(text: string): void {
    this.trace(`! ${text}`);
    this.violations.push(`${this.nowMs} ms: ${text}`);
  }

  valueOf({ documents, sections }: Written): Value {
    return JSON.parse(
      JSON.stringify({
        node,
        mqtt: { brokers: [{ url: 'mqtt://127.0.0.1' }] },
        gpio: { backend: 'simulated' },
        'state-folder': '/nowhere',
        config: { trust: 'none', verify: '2s' },
        ...sections,
        documents,
      }),
    );
  }

  check(written: Written): Awaited<ReturnType<ConfigHome['check']>> {
    return atOnce(this.#check(this.valueOf(written)));
  }

  /** No file has a name as this state folder, which the system is not even asked about: so every run is the same. */
  *#check(value: Value): Steps<Awaited<ReturnType<ConfigHome['check']>>> {
    const checked = yield* checkValueSteps(value, {});
    if (!checked.ok) return checked;
    const { config, ...more } = checked.value.checked;
    return ok({ ...checked.value, checked: { ...more, config: { ...config, stateFolder: '\0' } } });
  }

  async start(): Promise<void> {
    const candidate = this.check(this.file);
    if (!candidate.ok) throw new Error(JSON.stringify(candidate.error));
    const { value, checked } = candidate.value;
    const written = { version: 0, vc: {}, origin: 'file', author: 'file', atMs: 0 } as const;
    this.home = {
      keeper: await ConfigKeeper.open(this.files, '/s'),
      generation: { ...written, value, file: contentOf(value) },
      troubles: [],
      check: (next) => inTurns(this.#check(next)),
      load: async () => this.check(this.file),
    };
    this.agent = await this.until(startAgent(checked, environmentOf(this)));
    await this.until(Promise.resolve(this.agent.office));
  }

  async end(): Promise<void> {
    await this.until(Promise.resolve(this.agent[Symbol.asyncDispose]()));
    await this.pass(4_000); // What nobody waits for any more.
  }

  /** Time goes on until it is settled. */
  async until<Value>(promise: Promise<Value>, meanwhile: () => Promise<void> = async () => {}): Promise<Value> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    for (let turn = 0; turn < 3_000; turn += 1) {
      await this.pass(turn < 50 ? 1 : 50);
      if (isSettled) return await promise;
      await meanwhile();
    }
    throw new Error(`what was waited for does not end:\n${this.violations.join('\n')}`);
  }

  /** Time goes on; everybody does what is due. */
  async pass(ms: number): Promise<void> {
    await settle();
    await this.clock.advance(ms);
    await settle();
  }

  command(document: string, value: Value, more: object = {}): Command {
    const id = BigInt(this.commands.size + 1);
    const { promise, resolve } = Promise.withResolvers<Ack>();
    const isPulse = isPlainMap(value) && 'on-for' in value;
    const command: Command = { id, document, isPulse, ending: promise, ended: resolve, isHeard: false, end: undefined };
    this.commands.set(id, command);
    const text = JSON.stringify({ id: id.toString(), src: 'me', val: value, ...more });
    this.trace(`> ${document} ${text}`);
    this.#client.publish(`qn/1/${node}/notify/${document}`, text);
    return command;
  }

  /** The connection was made anew since: what was sent and had not ended then may be lost. */
  excuse(ended: ReadonlySet<Command>): void {
    for (const command of this.commands.values()) if (!ended.has(command)) this.#excused.add(command);
  }

  openCommands(): readonly Command[] {
    const isLost = (command: Command) => !command.isHeard && this.#excused.has(command);
    return [...this.commands.values()].filter((command) => command.end === undefined && !isLost(command));
  }

  #hear(topic: string, payload: Uint8Array): void {
    const { verb, document = '' } = parseTopic('qn/1', topic) ?? {};
    if (verb !== 'state' && verb !== 'delta' && verb !== 'ack') return;
    this.trace(`< ${verb} ${document} ${Buffer.from(payload).toString().slice(0, 300)}`);
    if (payload.byteLength === 0) return void this.retained.delete(document);
    const decoded = decodeMessage(payload, { nowMs: this.clock.wallMs() });
    if (!decoded.ok) return this.violate(`unreadable: ${topic}`);
    const message = decoded.value;
    if (verb === 'delta') this.deltas.push(document);
    if (verb === 'state') this.retained.set(document, message.val ?? null);
    if (message.t === 'ack') this.#learn(message);
  }

  #learn(ack: Ack): void {
    const command = this.commands.get(ack.id ?? 0n);
    if (command === undefined) return;
    const { id, document, end } = command;
    if (end !== undefined) this.violate(`#${id} ${document} is ${ack.st} behind its end, ${end.st}`);
    command.isHeard = true;
    if (!ends.has(ack.st)) return;
    command.end = ack;
    command.ended(ack);
  }
}

/** Turns of the event loop until nothing is left to do without a timer; more than any chain of them is long. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
