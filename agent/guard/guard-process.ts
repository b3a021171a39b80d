import { systemDriverClock } from '../../drivers/clock.ts';
import { openGpioBackend } from '../../drivers/registry.ts';
import { guard } from './guard.ts';

/**
 * `qn-agent guard`, started by `qn-agent run` and by nobody else. Signals meant for the agent do not end it: it must
 * outlive the agent, and ends with it.
 */
export async function runGuardProcess(): Promise<void> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
  process.title = 'qn-guard';
  const driven = await guard({ input: process.stdin, clock: systemDriverClock, openGpio: openGpioBackend });
  if (driven === undefined) return;
  const line = {
    level: 40,
    service: 'qn-guard',
    outputs: driven,
    message: 'the agent died; outputs go to crash state',
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
