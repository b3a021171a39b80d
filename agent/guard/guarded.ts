import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Clock, sleep } from '../clock.ts';
import { guardEndMsMax, guardPlanBytesMax, guardRestartMs } from '../limits.ts';
import type { Log } from '../log.ts';
import { goodbye } from './guard.ts';
import type { OutputPlan } from './output-plan.ts';

/** The guard as its agent sees it. */
export interface Guarded {
  /** The agent ends in good order, and its outputs are where they should be. */
  goodbye(): Promise<void>;
}

interface GuardedDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts the guard: a process that waits for the end of this one, and puts the outputs into their crash state when it
 * came without a goodbye. It needs no signal and no poll: the pipe between the two ends with the agent.
 *
 * `command`: how this program is started. Nothing is started for a plan without outputs.
 */
export function startGuard(
  { clock, log }: GuardedDependencies,
  command: readonly [program: string, ...args: string[]],
  plan: OutputPlan,
): Guarded {
  const text = `${JSON.stringify(plan)}\n`;
  if (plan.outputs.length === 0) return { async goodbye() {} };
  if (text.length > guardPlanBytesMax) {
    log.error({ bytes: text.length }, 'too many outputs to be guarded; nothing is driven after a crash');
    return { async goodbye() {} };
  }
  let isOver = false;
  let child = start();
  function start(): ChildProcess {
    const [program, ...args] = command;
    // A group of its own, so that Ctrl-C in a terminal does not reach it.
    const started = spawn(program, [...args, 'guard'], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
    started.once('error', (err) => log.error({ err }, 'the guard cannot be started'));
    started.once('exit', (code, signal) => restart(code, signal));
    started.stdin?.on('error', () => {}); // It is gone; its exit is told above.
    started.stdin?.write(text);
    started.unref();
    return started;
  }
  function restart(code: number | null, signal: string | null): void {
    if (isOver) return;
    log.error({ code, signal }, 'the guard ended; it is started again');
    clock.after(guardRestartMs, () => {
      if (!isOver) child = start();
    });
  }
  return {
    async goodbye() {
      isOver = true;
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = once(child, 'exit');
      child.stdin?.end(`${goodbye}\n`);
      await Promise.race([ended, sleep(clock, guardEndMsMax)]);
    },
  };
}
