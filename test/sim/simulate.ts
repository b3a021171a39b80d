import { createHash } from 'node:crypto';
import { checkAtRest, checkRetained } from './invariants.ts';
import type { Plant } from './plants.ts';
import { changeAll, play } from './script.ts';
import { World } from './world.ts';

export interface Run {
  readonly seed: number;
  /** Empty when everything held. */
  readonly violations: readonly string[];
  /** Of everything that was done and said: the same for the same seed. */
  readonly fingerprint: string;
  readonly crashesCount: number;
  readonly ordersCount: number;
  readonly owedCount: number;
  readonly eventsCount: number;
}

export interface SimulateOptions {
  readonly plant?: Plant;
  readonly trace?: (line: string) => void;
}

/** One whole life of a small system; everything that happens in it follows from the seed. */
export async function simulate(seed: number, { plant, trace }: SimulateOptions = {}): Promise<Run> {
  const hash = createHash('sha256');
  const world = new World({
    seed,
    plant,
    trace(line) {
      hash.update(line);
      trace?.(line);
    },
  });
  await play(world);
  await checkRetained(world);
  await changeAll(world);
  checkAtRest(world);
  await end(world);
  return {
    seed,
    violations: world.violations,
    fingerprint: hash.digest('hex'),
    crashesCount: world.crashesCount,
    ordersCount: world.commander.orders.size,
    owedCount: world.commander.owedCount,
    eventsCount: world.events.happenedCount,
  };
}

/** A leaked slot of the pool is an assertion in the disposal. */
async function end(world: World): Promise<void> {
  const disposal = { isOver: false };
  const ended = () => void (disposal.isOver = true);
  const failed = (error: unknown) => {
    ended();
    world.violations.push(`disposal: ${error instanceof Error ? error.message : 'failed'}`);
  };
  void world.agent?.[Symbol.asyncDispose]().then(ended, failed);
  for (let turn = 0; world.agent !== undefined && !disposal.isOver && turn < 200; turn += 1) await world.pass(100);
  if (!disposal.isOver) world.violations.push('the disposal does not end');
}
