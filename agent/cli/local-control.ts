import type { ControlDependencies } from '../config/control/control-server.ts';
import { controlSocketOf } from '../config/control/socket-path.ts';
import type { LocalAnswer, LocalWish } from '../config/push/local.ts';
import type { Agent } from '../environment.ts';
import type { Log } from '../log.ts';
import type { CliContext } from './verb.ts';

/** Changes that come from the board itself: over the control socket, and by SIGHUP, which reads the config file again. `isHungUp`: one came before. */
export async function openLocalControl(
  { clock, onHangup }: Pick<CliContext, 'clock' | 'onHangup'>,
  log: Log,
  { office }: Pick<Agent, 'office'>,
  stateFolder: string,
  isHungUp = false,
): Promise<AsyncDisposable> {
  const change = async (wish: LocalWish): Promise<LocalAnswer> => {
    const opened = await office;
    if (opened !== undefined) return await opened.change(wish);
    return { status: 'rejected', version: 0, detail: 'this agent keeps the config it started with' };
  };
  const reload = () => {
    change({ do: 'reload', isDryRun: false }).then(
      (answer) => tell(log, answer),
      (err: unknown) => log.error({ err }, 'config file read again, and not taken'),
    );
  };
  const hangup = onHangup?.(reload);
  if (isHungUp) reload();
  const control = await openSocket(log, { clock, change }, controlSocketOf(stateFolder));
  return {
    async [Symbol.asyncDispose]() {
      hangup?.[Symbol.dispose]();
      await control?.[Symbol.asyncDispose]();
    },
  };
}

type Control = Pick<ControlDependencies, 'clock' | 'change'>;

/** A board whose installation lacks this part works without. */
async function openSocket(log: Log, control: Control, path: string): Promise<AsyncDisposable | undefined> {
  try {
    const { openControl } = await import('../config/control/control-server.ts');
    return await openControl({ ...control, log }, path);
  } catch (err) {
    log.error({ err }, 'no reload from this board; reinstall the agent, parts of it are missing');
    return undefined;
  }
}

/** Whoever sends a signal looks into the log for what came of it. */
function tell(log: Log, { plan: _, ...answer }: LocalAnswer): void {
  const isWell = answer.status === 'successful' || answer.status === 'unchanged';
  if (isWell) log.info(answer, 'config file read again');
  else log.error(answer, 'config file read again, and not taken');
}
