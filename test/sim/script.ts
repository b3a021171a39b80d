import { type Doer, doers } from './doers.ts';
import type { World } from './world.ts';

const stepsCount = 100;

interface Act {
  readonly weight: number;
  act(world: World, step: number): void;
}

const chance = (world: World, share: number) => world.random() < share;
const pick = (world: World, choices: readonly number[]) => choices[Math.floor(world.random() * choices.length)] ?? 0;

const acts: readonly Act[] = [
  { weight: 22, act: (world, step) => order(world, doers.line, step) },
  { weight: 8, act: (world, step) => order(world, doers.relay, step) },
  { weight: 10, act: (world, step) => order(world, doers.gate, step) },
  { weight: 8, act: (world, step) => order(world, doers.lamp, step) },
  { weight: 7, act: (world, step) => order(world, doers.bell, step) },
  { weight: 16, act: (world, step) => world.event(`e${step}`) },
  { weight: 6, act: (world) => world.board.wire('BUTTON').pull(chance(world, 0.5) ? 1 : 0) },
  { weight: 12, act: (world) => pulse(world) },
  { weight: 5, act: (world) => world.broker.setWeather({ holdsAcks: chance(world, 0.5) }) },
  { weight: 4, act: (world) => world.broker.setWeather({ duplicates: chance(world, 0.5) }) },
  { weight: 3, act: (world) => world.broker.setWeather({ retainedFirst: chance(world, 0.5) }) },
  { weight: 3, act: (world) => world.broker.setWeather({ refusesConnects: chance(world, 0.5) }) },
  { weight: 4, act: (world) => world.broker.setWeather({ latencyMs: pick(world, [0, 0, 1, 20, 300]) }) },
  { weight: 4, act: (world) => world.broker.drop() },
  { weight: 2, act: (world) => restartBroker(world) },
  { weight: 6, act: (world) => crash(world) },
  { weight: 4, act: (world) => void (world.deafness = pick(world, [0, 0.1, 0.5, 1])) },
  { weight: 4, act: (world) => void (world.platter.latencyMs = pick(world, [0, 0, 1, 5, 40])) },
  { weight: 4, act: (world) => spoilDisk(world) },
  { weight: 3, act: (world) => world.followers.forEach((follower) => follower.doubt()) },
];

const weights = acts.reduce((sum, { weight }) => sum + weight, 0);

/** A life full of trouble, and then peace, until nothing changes any more. */
export async function play(world: World): Promise<void> {
  world.boot();
  await world.pass(50);
  for (let step = 0; step < stepsCount; step += 1) {
    const [name, act] = choose(world);
    world.trace(`# ${name}`);
    act.act(world, step);
    await world.pass(pick(world, [0, 1, 1, 2, 5, 10, 30, 100, 500, 2_000]));
    if (world.life === undefined && chance(world, 0.5)) world.boot();
  }
  await calm(world);
}

function choose(world: World): readonly [string, Act] {
  let left = world.random() * weights;
  for (const act of acts) {
    left -= act.weight;
    if (left < 0) return [act.act.toString().slice(0, 90), act];
  }
  throw new Error('the weights do not add up');
}

function order({ commander, random, nowMs }: World, doer: Doer, step: number): void {
  commander.order(doer, doer.valueOf(step, random), nowMs);
}

/** Without its disk. */
function restartBroker({ broker }: World): void {
  broker.forgetRetained();
  broker.drop();
  broker.forgetRetained(); // The last wills came from the broker that is gone.
}

function spoilDisk(world: World): void {
  const { platter } = world;
  platter.trouble = chance(world, 0.7) ? undefined : chance(world, 0.5) ? 'full' : 'io';
  platter.keepsWhatFailed = chance(world, 0.5);
}

function pulse(world: World): void {
  const wire = world.board.wire('METER');
  for (const level of [1, 0] as const) wire.pull(level);
}

function crash(world: World): void {
  if (world.life !== undefined) world.crash(chance(world, 0.5) ? 'lost' : 'kept');
}

async function calm(world: World): Promise<void> {
  world.trace('# calm');
  world.deafness = 0;
  world.platter.latencyMs = 0;
  world.platter.trouble = undefined;
  world.broker.setWeather({
    holdsAcks: false,
    duplicates: false,
    refusesConnects: false,
    retainedFirst: false,
    latencyMs: 0,
  });
  if (world.life === undefined) world.boot();
  await rest(world);
}

/** One change of everything: readers who missed the last one hear of this one. */
export async function changeAll(world: World): Promise<void> {
  world.trace('# changes');
  pulse(world);
  world.commander.order(doers.relay, world.board.wire('RELAY').level === 0, world.nowMs);
  order(world, doers.lamp, stepsCount);
  const button = world.board.wire('BUTTON');
  button.pull(button.level === 0 ? 1 : 0);
  await rest(world);
}

/** Until nobody waits for anything any more. */
async function rest(world: World): Promise<void> {
  await world.pass(5_000);
  for (let turn = 0; turn < 200 && !(turn > 20 && isQuiet(world)); turn += 1) await world.pass(500);
  await world.pass(10_000);
}

function isQuiet(world: World): boolean {
  const outbox = world.agent?.sources.outbox();
  return world.commander.isDone && outbox?.depth === 0 && outbox.inFlight === 0;
}
