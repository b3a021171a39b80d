import { setFlagsFromString } from 'node:v8';
import { openLog } from '../log.ts';
import { startAgent } from '../start.ts';
import { configOption, loadForCli } from './config-option.ts';
import { openLiveEnvironment } from './live-environment.ts';
import { exitCodes, type Verb } from './verb.ts';

export const runVerb: Verb = {
  name: 'run',
  operands: '',
  operandCountMin: 0,
  operandCountMax: 0,
  summary: 'Runs the agent in the foreground, until SIGINT or SIGTERM.',
  options: configOption,
  examples: ['qn-agent run', 'QN_LOG__LEVEL=debug qn-agent run --config config.yaml'],
  async run(context, _operands, options) {
    const loaded = await loadForCli(context, options);
    if (!loaded.ok) return loaded.error;
    // V8 lets the space of young objects grow to 64 MB under load and keeps it. Nothing lives long enough here to need
    // that: with this the memory of the process is flat, at 2 MB.
    setFlagsFromString('--semi-space-growth-factor=1');
    const { config, hash } = loaded.value;
    const log = openLog(config.log.level, { service: 'qn-agent', node: config.node });
    const environment = await openLiveEnvironment(context, log, config);
    if (!environment.ok) {
      context.err(`qn-agent run: ${environment.error}`);
      return exitCodes.config;
    }
    const agent = await startAgent(config, hash, environment.value);
    await untilAborted(context.signal);
    log.info({}, 'stopping');
    await agent[Symbol.asyncDispose]();
    return exitCodes.ok;
  },
};

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
