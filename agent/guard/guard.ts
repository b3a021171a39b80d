import type { DriverClock } from '../../drivers/clock.ts';
import type { GpioBackend } from '../../drivers/contract/digital.ts';
import { describeError, type Result } from '../../drivers/contract/result.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { guardPlanBytesMax } from '../limits.ts';
import { type Driven, driveOutputs } from './drive-outputs.ts';
import { parsePlan } from './output-plan.ts';

/** What the agent says before it ends in good order. */
export const goodbye = 'bye';

export interface GuardDependencies {
  /** From the agent: a line with the plan, later a line with the goodbye. It ends when the agent does, however it ends. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly clock: DriverClock;
  openGpio(selection: GpioSelection): Promise<Result<GpioBackend>>;
}

/** Waits for the end of the agent. Undefined: it was a good one; else what was done about it. */
export async function guard({ input, clock, openGpio }: GuardDependencies): Promise<readonly Driven[] | undefined> {
  const heard = await hear(input);
  const [first = '', ...rest] = heard.split('\n');
  if (rest.includes(goodbye)) return undefined;
  const plan = parsePlan(first);
  if (plan === undefined) return [{ document: '', isDriven: false, detail: 'the agent ended before it told its plan' }];
  const gpio = await openGpio(plan.gpio);
  if (!gpio.ok) return [{ document: '', isDriven: false, detail: describeError(gpio.error) }];
  const driven = await driveOutputs(gpio.value, plan.outputs, clock);
  await gpio.value[Symbol.asyncDispose]();
  return driven;
}

/** Everything until the end, or as much as a plan can be; more than that is no plan. */
async function hear(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytesCount = 0;
  for await (const chunk of input) {
    bytesCount += chunk.byteLength;
    if (bytesCount <= guardPlanBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
