import { ChangeWorld } from './change-world.ts';
import { changeOnce, stir } from './one-change.ts';
import { pairsOf } from './pairs.ts';
import { faults, firstConfig, nextConfig, spoilt } from './random-config.ts';
import { lines, pick } from './random-document.ts';
import { checkRest } from './rest.ts';

const stepsCount = 8;

export interface ChangesRun {
  /** Empty when everything held. */
  readonly violations: readonly string[];
  /** Configs, of those that were tried. */
  readonly takenCount: number;
}

/** A board that gets one config after the other, good and bad ones; everything that happens follows from the seed. */
export async function simulateChanges(seed: number, trace?: (line: string) => void): Promise<ChangesRun> {
  const world = new ChangeWorld(seed, firstConfig, trace);
  const { random, violations } = world;
  const first = world.file;
  if (!world.check(first).ok) return { violations, takenCount: 0 };
  await world.start();
  world.pairs = pairsOf(world.config);
  await rest(world);
  const poolBefore = usedOf(world);
  const taken = [first];
  for (let step = 0; step < stepsCount && violations.length === 0; step += 1) {
    await stir(world, Math.floor(random() * 4));
    await world.pass(pick(random, [0, 1, 10, 100, 1_000, 7_000]));
    const fault = random() < 0.35 ? pick(random, faults) : undefined;
    const next = random() < 0.25 ? pick(random, taken.slice(-3)) : nextConfig(taken.at(-1) ?? first, random);
    const end = await changeOnce(world, fault === undefined ? next : spoilt(next, fault, random), fault);
    if (end === 'successful') taken.push(next);
    await world.pass(pick(random, [0, 0, 10, 1_000]));
    if (random() < 0.5) await rest(world);
  }
  if (violations.length === 0) {
    await rest(world);
    await changeOnce(world, first);
    await rest(world);
    const pool = usedOf(world);
    if (pool !== poolBefore) world.violate(`of the pool ${poolBefore} was used before, and ${pool} is now`);
  }
  if (random() < 0.3) world.command('config', world.valueOf(nextConfig(first, random))); // It ends in the middle of this.
  await world.pass(pick(random, [0, 0, 1, 20]));
  world.pairs = [];
  await world.end();
  const held = [...lines.filter((line) => world.wires.holder(line) !== undefined), ...world.ports.open];
  if (held.length > 0) world.violate(`still open: ${held.join()}`);
  if (world.clock.timersCount > 0) world.violate(`${world.clock.timersCount} timers are left`);
  return { violations, takenCount: taken.length - 1 };
}

/** Of the pool, by who holds it. */
function usedOf({ agent }: ChangeWorld): string {
  const { small, large } = agent.sources.pool();
  return JSON.stringify(
    [small, large].map(({ holders }) => Object.entries(holders).map(([name, { used }]) => [name, used])),
  );
}

/** Until nothing is under way. */
async function rest(world: ChangeWorld): Promise<void> {
  await world.pass(8_000); // More than any max-on.
  for (let turn = 0; turn < 20 && world.openCommands().length > 0; turn += 1) await world.pass(1_000);
  for (const { id, document } of world.openCommands()) world.violate(`#${id} ${document} has no end`);
  checkRest(world);
}
