import { type Clock, sleep } from '../../clock.ts';
import { rollOutWatchEveryMs } from '../../config/limits.ts';
import { type Fleet, isAway, isTaken, isUnasked, isUnheard, type NodeHealth, type PushEnd } from './fleet.ts';

export interface RollOutOptions {
  /** Nodes that are first, and watched before the others follow; 0: none. */
  readonly canaryCount: number;
  /** So long the canaries have to stay well. */
  readonly watchMs: number;
  /** Nodes of a wave. */
  readonly parallelCount: number;
}

export interface RollOutDependencies {
  readonly clock: Clock;
  readonly fleet: Fleet;
  push(node: string): Promise<PushEnd>;
  /** Those that say nothing when asked now. */
  mute(nodes: readonly string[]): Promise<readonly string[]>;
  /** One node is through. */
  ended(end: PushEnd): void;
  /** What is being done, for whoever waits. */
  doing(what: string): void;
}

export interface RollOut {
  readonly ends: readonly PushEnd[];
  /** Nodes that nothing was sent to. */
  readonly untouched: readonly string[];
  /** Why it did not go on to the end. */
  readonly halted?: string;
}

/** Pushes to many nodes: the canaries first, then, while they stay well, the others, some at a time. */
export async function rollOut(
  dependencies: RollOutDependencies,
  nodes: readonly string[],
  { canaryCount, watchMs, parallelCount }: RollOutOptions,
  signal: AbortSignal,
): Promise<RollOut> {
  const { fleet, doing } = dependencies;
  const waves = { parallelCount, signal };
  const canaries = spread(
    nodes.filter((node) => !isAway(fleet.nodes.get(node))), // An offline node is no canary.
    canaryCount,
  );
  if (canaryCount > 0 && canaries.length === 0) return halt([], nodes, noCanary);
  const others = nodes.filter((node) => !canaries.includes(node));
  const before = new Map(nodes.map((node) => [node, fleet.nodes.get(node)?.health]));
  const isIll = () => {
    const ill = canaries.find((node) => !isWell(before.get(node), fleet.nodes.get(node)?.health));
    return ill === undefined ? undefined : illness(ill, before.get(ill), fleet.nodes.get(ill)?.health);
  };
  const ends = [...(await pushAll(dependencies, canaries, 'canaries', () => undefined, waves))];
  const failed = ends.filter((end) => !isTaken(end));
  if (failed.length > 0) return halt(ends, nodes, whyBad(failed, fleet, ', a canary,'));
  if (canaries.length > 0) {
    doing(`watching ${canaries.length} canaries`);
    const ill = await watch(dependencies.clock, watchMs, isIll, signal);
    if (ill !== undefined) return halt(ends, nodes, ill);
    const [mute] = await dependencies.mute(canaries); // A broker takes long to notice one that lost its power.
    if (mute !== undefined) return halt(ends, nodes, `${mute}, a canary, does not answer any more`);
  }
  ends.push(...(await pushAll(dependencies, others, 'nodes', isIll, waves)));
  const bad = ends.filter(isFailed);
  if (bad.length > 0) return halt(ends, nodes, whyBad(bad, fleet));
  const ill = isIll();
  if (ends.length < nodes.length) return halt(ends, nodes, ill === undefined ? 'interrupted' : ill);
  return { ends, untouched: [] };
}

const noCanary = 'no node is online to be a canary; wait for one, or leave --canary out';

function halt(ends: readonly PushEnd[], nodes: readonly string[], halted: string): RollOut {
  const touched = new Set(ends.map(({ node }) => node));
  return { ends, untouched: nodes.filter((node) => !touched.has(node)), halted };
}

/** A node that rolled back is the better reason: where one was not heard, it may be our own connection that broke. */
function whyBad(bad: readonly PushEnd[], { whyCut }: Fleet, role = ''): string {
  const refusing = bad.find((end) => !isUnheard(end));
  if (refusing !== undefined) return `${refusing.node}${role} did not take it`;
  return whyCut ?? `${bad[0]?.node}${role} did not say what became of it`;
}

/** It rolled back, or nobody knows how it ended. A node that is offline has not failed. */
function isFailed(end: PushEnd): boolean {
  return !isTaken(end) && !isUnasked(end);
}

/** In waves; the next one only when every node of the last one that is there took it and no canary fell ill. */
async function pushAll(
  { push, ended, doing }: RollOutDependencies,
  nodes: readonly string[],
  what: string,
  isIll: () => string | undefined,
  { parallelCount, signal }: { readonly parallelCount: number; readonly signal: AbortSignal },
): Promise<readonly PushEnd[]> {
  const ends: PushEnd[] = [];
  let through = 0;
  const tell = () => doing(`pushing to ${nodes.length} ${what}, ${through} are through`);
  if (nodes.length > 0) tell();
  for (let first = 0; first < nodes.length; first += parallelCount) {
    if (isIll() !== undefined || signal.aborted) break;
    const wave = nodes.slice(first, first + parallelCount).map(async (node) => {
      const end = await push(node);
      through += 1;
      tell();
      ended(end);
      return end;
    });
    ends.push(...(await Promise.all(wave)));
    if (ends.some(isFailed)) break;
  }
  return ends;
}

/** The first that is not well, or undefined when the time is over. */
async function watch(
  clock: Clock,
  watchMs: number,
  isIll: () => string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const untilMs = clock.monotonicMs() + watchMs;
  for (;;) {
    const ill = isIll();
    if (ill !== undefined || clock.monotonicMs() >= untilMs || signal.aborted) return ill;
    await sleep(clock, Math.min(rollOutWatchEveryMs, untilMs - clock.monotonicMs()), signal);
  }
}

const ranks: readonly string[] = ['online', 'degraded', 'safe', 'offline'];

/** Its status is no worse than before, and it did not restart: a restart has a reason. */
export function isWell(before: NodeHealth | undefined, now: NodeHealth | undefined): boolean {
  if (now === undefined) return false;
  if (before === undefined) return now.status === 'online';
  return ranks.indexOf(now.status) <= ranks.indexOf(before.status) && now.boot === before.boot;
}

function illness(node: string, before: NodeHealth | undefined, now: NodeHealth | undefined): string {
  const isAnew = before !== undefined && now !== undefined && now.boot !== before.boot;
  return `${node}, a canary, ${isAnew ? 'started anew' : `is ${now?.status ?? 'silent'}`}`;
}

/** Picks so many, evenly over the list: neighbours in a cabinet fail for the same reasons. */
export function spread(nodes: readonly string[], count: number): readonly string[] {
  const taken = Math.min(count, nodes.length);
  return Array.from({ length: taken }, (_, index) => nodes[Math.floor((index * nodes.length) / taken)] ?? '');
}
