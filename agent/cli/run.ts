import { systemMonotonicMs } from '../../drivers/clock.ts';
import type { Config } from '../config/config.ts';
import { realFiles } from '../config/generations/file-system.ts';
import { unknownMember } from '../documents/interlock.ts';
import type { OutputGuard } from '../documents/kind.ts';
import type { Environment } from '../environment.ts';
import { guardCommand } from '../guard/guard-command.ts';
import { type Guarded, startGuard } from '../guard/guarded.ts';
import { rememberOutputs } from '../guard/last-good.ts';
import { createLineWatch } from '../guard/line-watch.ts';
import { linesHeldAtExit, planOutputs } from '../guard/output-plan.ts';
import { socketOf } from '../health/local-answer.ts';
import { firstCollectionMs } from '../limits.ts';
import { type Log, openLog } from '../log.ts';
import { isServed } from '../stale-socket.ts';
import { startAgent } from '../start.ts';
import { startStoreThread } from '../store/start-thread.ts';
import { storeProgram } from '../store/store-program.ts';
import { attend } from './attend.ts';
import { type ChosenConfig, chooseConfig, countBoot } from './choose-config.ts';
import { configOption, configPathOf, hashNow } from './config-option.ts';
import { boundHeap, collectGarbage } from './heap.ts';
import { keepTick } from './kept-tick.ts';
import { openLiveEnvironment } from './live-environment.ts';
import { openLocalControl } from './local-control.ts';
import { testSurroundings } from './test-surroundings.ts';
import { type CliContext, exitCodes, type Verb } from './verb.ts';

export const runVerb: Verb = {
  name: 'run',
  operands: '',
  summary: 'Runs the agent in the foreground, until SIGINT or SIGTERM.',
  options: configOption,
  examples: ['qn-agent run', 'QN_LOG__LEVEL=debug qn-agent run --config config.yaml'],
  exits: {
    0: 'ended by SIGINT or SIGTERM, in good order',
    69: 'an agent runs already with the same state-folder',
    70: 'a bug; restart it',
    77: 'a file cannot be read',
    78: 'a fault in the configuration; a restart does not mend it',
  },
  async run(context, _operands, options) {
    using _tick = keepTick();
    let isHungUp = false;
    using _early = context.onHangup?.(() => void (isHungUp = true)); // Until it is ready, and then for nobody.
    const spare = context.storeThread ?? startStoreThread(storeProgram()); // Beside what follows; it takes as long as that.
    const chosen = await chooseConfig(context, options, realFiles, secondRefusal);
    const configPath = configPathOf(context, options);
    if (!chosen.ok && chosen.error === exitCodes.unavailable) return chosen.error; // The lines are another agent's.
    if (!chosen.ok || chosen.value.boot.from === 'safe') await goToConfigErrorStates(context, configPath);
    if (!chosen.ok) return chosen.error;
    const { boot, home } = chosen.value;
    const { config } = boot.checked;
    const identity = { service: 'qn-agent', env: config.log.environment, node: config.node };
    const log = openLog(config.log.level, identity, context.clock);
    for (const trouble of home.troubles) log.error({ from: boot.from, version: home.generation.version }, trouble);
    const lines = createLineWatch(context.clock, boot.from === 'safe');
    const environment = openLiveEnvironment(context, log, config, lines, spare);
    // Before any line is driven, and no sooner: two processors have enough to do until then. Without the goodbye at the end,
    // whatever ends this process is a crash.
    let guarded: Guarded | undefined;
    let planned = config;
    const pulses = new Set<string>(); // At most one per document.
    const offs = new Map([[unknownMember, systemMonotonicMs()]]); // The same and one; by the clock that the guard has, too.
    const plan = () => planOutputs(planned, 'crash', pulses, offs);
    const guard = () => {
      guarded ??= startGuard({ clock: context.clock, log }, guardCommand(), config.stateFolder, plan());
      return guarded;
    };
    const guardOf = (document: string): OutputGuard => ({
      pulsing(isUnderWay) {
        if (isUnderWay) pulses.add(document);
        else pulses.delete(document);
        guard().plan(plan());
      },
      limited: (leftMs) => guard().limit(document, leftMs),
      wentOff() {
        offs.set(document, systemMonotonicMs());
        guard().plan(plan());
      },
    });
    lines.onChange((outputs) => guard().hold(outputs));
    const openGpio: Environment['openGpio'] = (gpio) => {
      guard();
      return environment.openGpio(gpio);
    };
    const configured = async (next: Config) => {
      planned = next;
      for (const name of offs.keys()) if (name !== unknownMember && !(name in next.documents)) offs.delete(name);
      guard().plan(plan());
      if (boot.from !== 'safe' || next !== config) await remember(next, log); // The safe mode has nothing to go by.
    };
    let goodbye: Promise<void> | undefined;
    /** Not at the very end: a slow disk may hold that up until this process is killed. */
    const outputsClosed = () => {
      keepLines(); // A change that was taken back has changed them.
      goodbye = guard().goodbye();
    };
    const counted = countBoot(context, log, chosen.value);
    const agent = await startAgent(boot.checked, {
      ...{ ...environment, openGpio, guardOf, outputsClosed, configs: home, configured, ending: context.signal },
      testSurroundings: (next) => ({
        ...testSurroundings(context, next),
        reloadConfig: async () => (await (await agent.office)?.hashNext()) ?? (await hashNow(context, options)),
      }),
    });
    lines.settled();
    const keepLines = () => guard().keep(linesHeldAtExit(agent.changeable.running.config));
    const controlling = openLocalControl(context, log, agent, config.stateFolder, isHungUp);
    const attended = await attend({ ...context, log, stateFolder: config.stateFolder }, agent);
    // It is ready. What follows could wait until now.
    void keepCode(context, log); // A slow card holds up nothing else.
    boundHeap();
    using _collection = context.clock.after(firstCollectionMs, collectGarbage);
    const control = await controlling;
    const kept = keepForTrouble(chosen.value, log);
    await untilAborted(context.signal);
    log.info({}, 'stopping');
    lines.onChange(() => {}); // The guard holds what was open until it is told goodbye.
    keepLines();
    attended.stopping();
    await agent[Symbol.asyncDispose]();
    // Their sockets are files, for which Node.js waits: a disk that hangs holds up nothing that is worth more.
    await control[Symbol.asyncDispose]();
    await attended[Symbol.asyncDispose]();
    await kept;
    await counted[Symbol.asyncDispose]();
    await goodbye;
    return exitCodes.ok;
  },
};

/** Two agents would take the broker and the state of outputs away from each other. */
async function secondRefusal(stateFolder: string): Promise<string | undefined> {
  if (!(await isServed(socketOf(stateFolder)))) return undefined;
  return `an agent runs already with state-folder ${stateFolder}; stop it first: sudo systemctl stop qn-agent`;
}

async function goToConfigErrorStates(context: CliContext, configPath: string): Promise<void> {
  const { driveConfigErrorStates } = await import('./config-error.ts');
  await driveConfigErrorStates(context, configPath);
}

async function keepCode(context: CliContext, log: Log): Promise<void> {
  try {
    await context.keepCode?.();
  } catch (err) {
    log.warn({ err }, 'cannot keep what is compiled; the next start takes longer');
  }
}

/** For a start with a config that has a fault, or is damaged. */
async function keepForTrouble(chosen: ChosenConfig, log: Log): Promise<void> {
  const { from, checked } = chosen.boot;
  if (from !== 'safe') await remember(checked.config, log);
  if (from === 'file') await keepFile(chosen, log);
}

async function keepFile({ boot, home }: ChosenConfig, log: Log): Promise<void> {
  try {
    await home.keeper.keepFileCopy(boot.generation);
  } catch (err) {
    log.warn({ err }, 'cannot keep what the config file says, for when it is damaged');
  }
}

/** A board that cannot remember runs all the same. */
async function remember(config: Config, log: Log): Promise<void> {
  try {
    await rememberOutputs(config);
  } catch (err) {
    log.warn({ err }, 'cannot keep which outputs to drive when the next config has a fault');
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
