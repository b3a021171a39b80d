import type { Result } from '../../drivers/contract/result.ts';
import { loadNativeGpio } from '../../drivers/native/addon.ts';
import { sdNotify } from '../../drivers/native/sd-notify.ts';
import type { Clock } from '../clock.ts';
import type { Agent } from '../environment.ts';
import { openLocalAnswer } from '../health/local-answer.ts';
import { buildHealth } from '../health/report.ts';
import { readMachineClock, rememberStart } from '../health/starts.ts';
import { openWatchdog } from '../health/watchdog.ts';
import type { Log } from '../log.ts';

export interface Attendance extends AsyncDisposable {
  /** The agent begins to stop. */
  stopping(): void;
}

export interface AttendOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: { readonly [name: string]: string | undefined };
  readonly stateFolder: string;
}

/**
 * What the machine is told about an agent that runs: readiness, life and stop to the service manager (sd_notify(3)),
 * its health to whoever asks in the state folder, and that it was started.
 */
export async function attend({ clock, log, env, stateFolder }: AttendOptions, agent: Agent): Promise<Attendance> {
  const notify = openNotify(log, env['NOTIFY_SOCKET']);
  const answer = () => ({
    pid: process.pid,
    config_hash: agent.sources.configHash,
    health: buildHealth(agent.sources, 0),
  });
  let told = statusLine(agent);
  notify(`READY=1\nSTATUS=${told}`);
  /** Feeds the watchdog, and sends the status along when it has changed: a test was repeated, or another config taken. */
  const feed = (text: string) => {
    const line = statusLine(agent);
    notify(line === told ? text : `${text}\nSTATUS=${line}`);
    told = line;
  };
  const watchdog = openFed({ clock, log, env }, agent, feed);
  const local = await openLocalAnswer({ clock, log }, stateFolder, answer);
  void rememberThisStart(log, stateFolder); // A slow card does not hold up a stop.
  return {
    stopping() {
      notify('STOPPING=1\nSTATUS=bringing the outputs into their exit states');
      watchdog?.[Symbol.dispose]();
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

/** As `systemctl status qn-agent` shows it. */
function statusLine({ selfTest, table }: Agent): string {
  return `self-test ${selfTest.health_status}, ${table.rows.length} documents`;
}

function openFed(
  { clock, log, env }: Pick<AttendOptions, 'clock' | 'log' | 'env'>,
  agent: Agent,
  notify: (text: string) => void,
): Disposable | undefined {
  const periodMs = Number(env['WATCHDOG_USEC']) / 1_000;
  const isForUs = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === process.pid;
  if (!(periodMs > 0) || !isForUs) return undefined;
  const onStuck = (why: string) => {
    log.error({ why }, 'the watchdog is not fed any more');
    notify(`STATUS=stuck: ${why}`);
  };
  return openWatchdog({ clock, vitals: () => agent.vitals(), notify, onStuck }, periodMs);
}

/** Without a service manager nobody is told. What cannot be told is logged once. */
function openNotify(log: Log, address: string | undefined): (text: string) => void {
  if (address === undefined) return () => {};
  const native = loadNativeGpio();
  let isTold = false;
  return (text) => {
    const sent: Result<void> = native.ok ? sdNotify(native.value, address, text) : native;
    if (sent.ok || isTold) return;
    isTold = true;
    log.error(
      { detail: sent.error.detail, fix: sent.error.fix },
      'the service manager cannot be told how the agent is',
    );
  };
}

/** A disk that is full or read-only keeps no agent from running. */
async function rememberThisStart(log: Log, stateFolder: string): Promise<void> {
  try {
    await rememberStart(stateFolder, await readMachineClock('/proc'));
  } catch (err) {
    log.warn({ err }, 'cannot remember that the agent was started');
  }
}
