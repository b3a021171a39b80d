import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { describeError } from '../../drivers/contract/result.ts';
import { sendOutputs } from '../../drivers/gpiochip/pass.ts';
import { passedLinesCountMax } from '../../drivers/limits.ts';
import { type Clock, sleep } from '../clock.ts';
import { guardEndMsMax, guardPlanBytesMax, guardRestartMs } from '../limits.ts';
import type { Log } from '../log.ts';
import { words } from './guard.ts';
import type { OutputPlan } from './output-plan.ts';
import { socketNumber } from './socket-number.ts';

/** The guard as its agent sees it. */
export interface Guarded {
  /** What is to be driven and kept from now on, should the agent die. */
  plan(plan: OutputPlan): void;
  /** The outputs that are open now: all of them. The guard holds their lines as well. */
  hold(outputs: readonly DigitalOutput[]): void;
  /** The agent ends in good order, and its outputs are where they should be; the guard keeps these lines. */
  goodbye(keep: readonly string[]): Promise<void>;
}

interface GuardedDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/** The descriptor in the guard over which it gets lines. */
export const linesSlot = 3;

/**
 * Starts the guard: a process that waits for the end of this one, and puts the outputs into their crash state when it
 * came without a goodbye. It needs no signal and no poll: the pipe between the two ends with the agent. It holds the lines
 * together with the agent, so that none is let go of in between, and keeps them for the next agent, who asks for them in
 * `folder`.
 *
 * `command`: how the guard is started, but for the folder. Nothing is started for a plan without outputs.
 */
export function startGuard(
  { clock, log }: GuardedDependencies,
  command: readonly [program: string, ...args: string[]],
  folder: string,
  first: OutputPlan,
): Guarded {
  let text = '';
  let held: readonly DigitalOutput[] = [];
  let isOver = false;
  let child: ChildProcess | undefined;
  setPlan(first);

  function setPlan(plan: OutputPlan): void {
    const next = `${JSON.stringify(plan)}\n`;
    if (next.length > guardPlanBytesMax)
      return log.error({ bytes: next.length }, 'too many outputs to be guarded; nothing is driven after a crash');
    text = next;
    if (child !== undefined) child.stdin?.write(text);
    else if (plan.outputs.length + plan.powers.length > 0) child = start();
  }
  function start(): ChildProcess {
    const [program, ...args] = command;
    // A group of its own, so that Ctrl-C in a terminal does not reach it.
    const stdio = ['pipe', 'inherit', 'inherit', 'pipe'] as const;
    const started = spawn(program, [...args, folder], { stdio: [...stdio], detached: true });
    started.once('error', (err) => log.error({ err }, 'the guard cannot be started'));
    started.once('exit', (code, signal) => restart(code, signal));
    started.stdin?.on('error', () => {}); // It is gone; its exit is told above.
    started.stdin?.write(text);
    linesSocket(started)
      ?.on('error', () => {})
      .unref();
    started.unref();
    send(started);
    return started;
  }
  function send(to: ChildProcess): void {
    if (held.length > passedLinesCountMax)
      log.error({ lines: held.length }, `only the first ${passedLinesCountMax} lines are kept when the agent ends`);
    const socket = linesSocket(to);
    const number = socket === undefined ? undefined : socketNumber(socket);
    if (held.length === 0 || number === undefined) return void to.stdin?.write(`${words.none}\n`);
    const sent = sendOutputs(number, held);
    if (sent.ok) to.stdin?.write(`${words.held}\n`);
    else log.error({ detail: describeError(sent.error) }, 'the guard cannot hold the lines');
  }
  function restart(code: number | null, signal: string | null): void {
    if (isOver) return;
    log.error({ code, signal }, 'the guard ended; it is started again');
    clock.after(guardRestartMs, () => {
      if (!isOver) child = start();
    });
  }
  return {
    plan: setPlan,
    hold(outputs) {
      held = outputs.filter((output) => output.held !== undefined);
      if (child !== undefined && !isOver) send(child);
    },
    async goodbye(keep) {
      isOver = true;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
        return;
      const ended = once(child, 'exit');
      child.stdin?.end(`${words.bye} ${JSON.stringify(keep)}\n`);
      const isKeeping = held.some(({ resource }) => keep.includes(resource));
      if (!isKeeping) await Promise.race([ended, sleep(clock, guardEndMsMax)]);
    },
  };
}

function linesSocket(child: ChildProcess): Socket | undefined {
  const stream = child.stdio[linesSlot];
  return stream instanceof Socket ? stream : undefined;
}
