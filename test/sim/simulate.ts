import { createHash } from 'node:crypto';
import { checkAtRest } from './invariants.ts';
import type { Plant } from './plants.ts';
import { play } from './script.ts';
import { World } from './world.ts';

export interface Run {
  readonly seed: number;
  /** Empty when everything held. */
  readonly violations: readonly string[];
  /** Of everything that was done and said: the same for the same seed. */
  readonly fingerprint: string;
  readonly crashesCount: number;
  readonly ordersCount: number;
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
  checkAtRest(world);
  await end(world);
  return {
    seed,
    violations: world.violations,
    fingerprint: hash.digest('hex'),
    crashesCount: world.crashesCount,
    ordersCount: world.commander.orders.size,
    eventsCount: world.events.happenedCount,
  };
}

/** A leaked slot of the pool is an assertion in the disposal. */
async function end(world: World): Promise<void> {
  let isOver = false;
  const disposal = world.agent?.[Symbol.asyncDispose]().then(
    () => void (isOver = true),
    (error: unknown) => {
      isOver = true;
      world.violations.push(`disposal: ${String(error)}`);
    },
  );
  for (let turn = 0; disposal !== undefined && !isOver && turn < 200; turn += 1) await world.pass(100);
  if (!isOver) world.violations.push('the disposal does not end');
}
