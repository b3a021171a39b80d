import type { Clock } from '../../clock.ts';
import { isVector } from '../../config/generations/generation.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { isTerminal } from '../../dispatch/lifecycle.ts';
import type { Message, Notify, Value } from '../../qn/message.ts';
import { parseTopic } from '../../qn/topic.ts';
import { isLate } from '../ask-late.ts';
import { decodeAny } from '../message-text.ts';

/** What a node said of its config. */
export interface NodeConfig {
  readonly version: number;
  readonly vc: { readonly [author: string]: number };
  readonly hash: string;
  readonly author: string;
  /** How it came there: `rollback`, `push` … */
  readonly origin: Value | undefined;
  /** Undefined: it does not fit into a message of that board. */
  readonly value: Value | undefined;
  /** Undefined: it is an agent that does not tell them where its config does not fit. */
  readonly groups: readonly Value[] | undefined;
  readonly previous: number | undefined;
  readonly history: readonly Value[];
}

export interface NodeHealth {
  readonly status: string;
  readonly boot: string;
  readonly config: string;
  /** Older than a node that is there leaves it, unless its clock is wrong. */
  readonly isLate: boolean;
}

export interface NodeView {
  readonly name: string;
  config?: NodeConfig | undefined;
  health?: NodeHealth | undefined;
  /** When its last live message came; retained ones do not count. */
  heardMs?: number;
  /** Its health report is late, and it did not answer: the last will may be lost. */
  isMute?: boolean;
  /** The broker keeps a config for it, to be taken whenever it connects. */
  isConfigKept?: boolean;
  /** Values of its other documents, where they are listened to. */
  readonly states: Map<string, Value>; // As many as the board has documents.
}

/** How a push ended at one node. */
export interface PushEnd {
  readonly node: string;
  readonly status: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly rollback?: string;
  readonly version?: number;
  /** The broker keeps it for the node. */
  readonly retained?: true;
}

/** It runs there, or it will as soon as the node is back. */
export function isTaken({ status }: PushEnd): boolean {
  return status === 'successful' || status === 'unchanged' || status === 'kept';
}

/** A message that the broker does not retain would never reach it. */
export function isAway(node: NodeView | undefined): boolean {
  return node?.isMute === true || node?.health?.status === 'offline';
}

/** Nobody heard how the push ended: the config may run there. */
export function isUnheard({ status }: PushEnd): boolean {
  return status === 'unsent' || status === 'unanswered';
}

/** Nothing was sent to it, which does not halt the rollout. */
export function isUnasked({ status }: PushEnd): boolean {
  return status === 'unasked';
}

interface Waiting {
  readonly node: string;
  resolve(end: PushEnd): void;
}

/** The nodes of a broker as far as their configs go, from what they say. Whoever owns the connection feeds it. */
export class Fleet {
  readonly root: string;
  readonly nodes = new Map<string, NodeView>(); // As many as there are boards at this broker.
  readonly #clock: Clock;
  readonly #waiting = new Map<bigint, Waiting>(); // One per push that is under way.
  #heardMs: number;
  #cut: string | undefined;

  constructor(clock: Clock, root: string) {
    this.#clock = clock;
    this.root = root;
    this.#heardMs = clock.monotonicMs();
  }

  /** When the last message came; retained ones come all at once. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Why nothing more will be heard; undefined: it goes on. */
  get whyCut(): string | undefined {
    return this.#cut;
  }

  hear(topic: string, payload: Uint8Array, isRetained = false): void {
    const parsed = parseTopic(this.root, topic);
    const decoded = parsed === undefined ? undefined : decodeAny(payload, this.#clock.wallMs(), topic);
    if (parsed === undefined || decoded?.ok !== true) return;
    this.#heardMs = this.#clock.monotonicMs();
    const node = this.nodes.get(parsed.target) ?? { name: parsed.target, states: new Map<string, Value>() };
    this.nodes.set(parsed.target, node);
    if (parsed.verb === 'notify') node.isConfigKept = isRetained;
    else take(node, parsed.document, decoded.value, this.#clock.wallMs());
    if (parsed.verb !== 'notify' && !isRetained) Object.assign(node, { heardMs: this.#heardMs, isMute: false });
    if (decoded.value.t === 'ack') this.#acknowledged(decoded.value);
  }

  /** Resolves with the final ack of this push, or with `unanswered`. */
  ending(node: string, id: bigint, timeoutMs: number): Promise<PushEnd> {
    return new Promise((resolve) => {
      const end = (result: PushEnd) => {
        timer[Symbol.dispose]();
        this.#waiting.delete(id);
        resolve(result);
      };
      const timer = this.#clock.after(timeoutMs, () => end(unanswered(node, `nothing within ${timeoutMs} ms`)));
      this.#waiting.set(id, { node, resolve: end });
      if (this.#cut !== undefined) end(unanswered(node, this.#cut));
    });
  }

  /** Nothing more will be heard: nobody waits for it. */
  cut(why: string): void {
    this.#cut = why;
    for (const { node, resolve } of this.#waiting.values()) resolve(unanswered(node, why));
  }

  #acknowledged({ id, st, why, detail, val }: Message & { t: 'ack' }): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting === undefined || !isTerminal(st)) return;
    const said = isPlainMap(val) ? val : {};
    const { rollback, version } = said;
    waiting.resolve({
      node: waiting.node,
      status: st,
      ...(why !== undefined && { reason: why }),
      ...(detail !== undefined && { detail }),
      ...(typeof rollback === 'string' && { rollback }),
      ...(typeof version === 'number' && { version }),
    });
  }
}

function unanswered(node: string, why: string): PushEnd {
  return { node, status: 'unanswered', detail: `${why}; what became of it stands in its state/config` };
}

function take(node: NodeView, document: string, message: Message, wallMs: number): void {
  if (message.t === 'health' && document === 'agent') node.health = healthOf(message, wallMs) ?? node.health;
  if (message.t !== 'snapshot') return;
  if (document === 'config') node.config = configOf(message.val) ?? node.config;
  else node.states.set(document, message.val);
}

function healthOf(message: Message, wallMs: number): NodeHealth | undefined {
  const { val } = message;
  if (!isPlainMap(val)) return undefined;
  const { status, boot, versions } = val;
  if (typeof status !== 'string') return undefined;
  const config = isPlainMap(versions) ? versions['config'] : undefined;
  return {
    status,
    boot: typeof boot === 'string' ? boot : '',
    config: typeof config === 'string' ? config : '',
    isLate: isLate(message, wallMs),
  };
}

function configOf(val: Value): NodeConfig | undefined {
  if (!isPlainMap(val)) return undefined;
  const { version, vc, hash, author, origin, config, groups, previous, history } = val;
  if (typeof version !== 'number' || !isVector(vc) || typeof hash !== 'string') return undefined;
  return {
    ...{ version, vc, hash, origin },
    author: typeof author === 'string' ? author : '',
    value: config === null ? undefined : config,
    groups: groupsOf(isPlainMap(config) ? (config['groups'] ?? []) : groups),
    previous: typeof previous === 'number' ? previous : undefined,
    history: Array.isArray(history) ? history : [],
  };
}

function groupsOf(told: Value | undefined): readonly Value[] | undefined {
  return Array.isArray(told) ? told : undefined;
}

/** A push for one node: the next version of what it runs. */
export function nextPush(
  { config }: NodeView,
  push: {
    readonly id: bigint;
    readonly src: string;
    readonly author: string;
    readonly val: Value;
    readonly isPatch: boolean;
  },
  wallMs: number,
): Notify {
  const { id, src, author, val, isPatch } = push;
  const { version = 0, vc = {} } = config ?? {};
  return {
    ...{ t: 'notify', id, src, ts: wallMs, clk: 'estimated', val },
    ver: version + 1,
    vc: { ...vc, [author]: (vc[author] ?? 0) + 1 },
    ...(isPatch && { base: version }),
  };
}
