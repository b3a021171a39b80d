import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { systemMonotonicMs } from '../../drivers/clock.ts';
import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { describeError } from '../../drivers/contract/result.ts';
import { sendOutputs } from '../../drivers/gpiochip/pass.ts';
import { passedLinesCountMax } from '../../drivers/limits.ts';
import { type Clock, sleep } from '../clock.ts';
import { childProcess } from '../late-modules.ts';
import { guardEndMsMax, guardPlanBytesMax, guardRestartMs } from '../limits.ts';
import type { Log } from '../log.ts';
import { limitLine, words } from './guard-words.ts';
import type { OutputPlan } from './output-plan.ts';
import { socketNumber } from './socket-number.ts';

/** The guard as its agent sees it. */
export interface Guarded {
  /** What is to be driven and kept from now on, should the agent die. */
  plan(plan: OutputPlan): void;
  /** So long an output may still be on, wherever the plan has a limit for it; undefined: it is off. */
  limit(document: string, leftMs: number | undefined): void;
  /** The outputs that are open now: all of them. The guard holds their lines as well. */
  hold(outputs: readonly DigitalOutput[]): void;
  /** The agent is about to end in good order, and has its outputs still: the guard is to keep these lines of theirs. */
  keep(lines: readonly string[]): void;
  /** The outputs are where they should be. */
  goodbye(): Promise<void>;
  /** From now on the guard has the outputs alone, as if the agent had died. */
  leave(): void;
}

interface GuardedDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly send?: typeof sendOutputs;
  /** The same here and in the guard. */
  readonly nowMs?: () => number;
}

/** The descriptor in the guard over which it gets lines. */
export const linesSlot = 3;

/**
 * Starts the guard: a process that waits for the end of this one, and puts the outputs into their crash state when it
 * came without a goodbye. It needs no signal and no poll: the pipe between the two ends with the agent. It holds the lines
 * together with the agent, so that none is let go of in between, and keeps them for the next agent, who asks for them in
 * `folder`.
 *
 * `command`: how the guard is started, but for the folder. Nothing is started for a plan that has nothing in it, until lines are to be kept.
 */
export function startGuard(
  { clock, log, send = sendOutputs, nowMs = systemMonotonicMs }: GuardedDependencies,
  command: readonly [program: string, ...args: string[]],
  folder: string,
  first: OutputPlan,
): Guarded {
  let text = '';
  let limited: ReadonlySet<string> = new Set();
  const limits = new Map<string, number>(); // When each is over; at most one per document.
  let held: readonly DigitalOutput[] = [];
  let kept: readonly string[] = [];
  let isOver = false;
  let child: ChildProcess | undefined;
  let pausing: Disposable | undefined; // After one that ended, or could not be started.
  setPlan(first);

  function setPlan(plan: OutputPlan): void {
    const next = `${JSON.stringify(plan)}\n`;
    if (next.length > guardPlanBytesMax)
      return log.error({ bytes: next.length }, 'too many outputs to be guarded; nothing is driven after a crash');
    if (next === text) return;
    text = next;
    limited = new Set(plan.limits.map(({ document }) => document));
    if (child !== undefined) tellPlan(child);
    else if (pausing === undefined && plan.outputs.length + plan.powers.length + plan.limits.length > 0) start();
  }
  function tellPlan(to: ChildProcess): void {
    to.stdin?.write(text);
    for (const document of limits.keys()) tellLimit(to, document);
  }
  function tellLimit(to: ChildProcess, document: string): void {
    if (limited.has(document)) to.stdin?.write(limitLine(document, limits.get(document)));
  }
  function start(): void {
    pausing?.[Symbol.dispose]();
    const failed = (err: unknown) => log.error({ err }, 'the guard cannot be started; it is tried again');
    child = launch(command, folder, failed);
    if (child === undefined) return pause();
    child.once('exit', ended);
    tellPlan(child);
    pass(child);
  }
  function isKeeping(): boolean {
    return held.some(({ resource }) => kept.includes(resource));
  }
  function ended(code: number | null, signal: string | null): void {
    child = undefined;
    if (isOver) return;
    log.error({ code, signal }, 'the guard ended; it is started again');
    pause();
  }
  function pause(): void {
    pausing = clock.after(guardRestartMs, () => {
      pausing = undefined;
      if (!isOver) start();
    });
  }
  function pass(to: ChildProcess): void {
    if (held.length > passedLinesCountMax)
      log.error({ lines: held.length }, `only the first ${passedLinesCountMax} lines are kept when the agent ends`);
    const socket = linesSocket(to);
    const number = socket === undefined ? undefined : socketNumber(socket);
    if (held.length === 0 || number === undefined) return void to.stdin?.write(`${words.none}\n`);
    const sent = send(number, held);
    if (sent.ok) to.stdin?.write(`${words.held}\n`);
    else log.error({ detail: describeError(sent.error) }, 'the guard cannot hold the lines');
  }
  return {
    plan: setPlan,
    limit(document, leftMs) {
      const wasOn = limits.delete(document);
      if (leftMs === undefined && !wasOn) return;
      if (leftMs !== undefined) limits.set(document, nowMs() + leftMs);
      if (child !== undefined && !isOver) tellLimit(child, document);
    },
    hold(outputs) {
      held = outputs.filter((output) => output.held !== undefined);
      if (child !== undefined && !isOver) pass(child);
    },
    keep(lines) {
      kept = lines;
      if (child === undefined && isKeeping()) start();
    },
    leave() {
      isOver = true;
      child?.stdin?.end();
    },
    async goodbye() {
      isOver = true;
      if (child === undefined) return;
      const isEnded = once(child, 'exit');
      child.stdin?.end(`${words.bye} ${JSON.stringify(kept)}\n`);
      if (!isKeeping() && limits.size === 0) await Promise.race([isEnded, sleep(clock, guardEndMsMax)]);
    },
  };
}

/** Undefined: `failed` is told why, now or in a moment. */
function launch(
  [program, ...args]: readonly [program: string, ...args: string[]],
  folder: string,
  failed: (err: unknown) => void,
): ChildProcess | undefined {
  try {
    // A group of its own, so that Ctrl-C in a terminal does not reach it.
    const stdio = ['pipe', 'inherit', 'inherit', 'pipe'] as const;
    const started = childProcess().spawn(program, [...args, folder], { stdio: [...stdio], detached: true });
    started.on('error', failed);
    if (started.pid === undefined) return undefined; // Without descriptors it has no streams either.
    started.stdin?.on('error', () => {}); // It is gone; its exit is told.
    linesSocket(started)
      ?.on('error', () => {})
      .unref();
    started.unref();
    return started;
  } catch (cause) {
    failed(cause); // Without memory.
    return undefined;
  }
}

function linesSocket(child: ChildProcess): Socket | undefined {
  const stream = child.stdio[linesSlot];
  return stream instanceof Socket ? stream : undefined;
}
