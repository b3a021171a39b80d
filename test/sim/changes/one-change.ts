import { planChange } from '../../../agent/config/change/plan.ts';
import type { Value } from '../../../agent/qn/message.ts';
import type { ChangeWorld } from './change-world.ts';
import { checkMoves } from './moves.ts';
import { pairsOf, pairsOfBoth } from './pairs.ts';
import { type Fault, spoilt, type Written } from './random-config.ts';
import { pick } from './random-document.ts';
import { checkCounts, checkUntouched } from './untouched.ts';
import { beforeOf } from './window.ts';

/** Pushes or reloads it, mostly with commands beside; how that ended. */
export async function changeOnce(world: ChangeWorld, next: Written, fault?: Fault): Promise<string> {
  const { random, config: from } = world;
  const checked = world.check(next);
  const to = checked.ok ? checked.value.checked.config : undefined;
  const plan = to && planChange(from, to, world.agent.changeable.valueOf);
  world.trace(`# ${fault ?? 'good'} ${JSON.stringify(next)}`);
  world.trace(`plan ${JSON.stringify(plan?.documents)} ${JSON.stringify(plan?.levels)}`);
  if (to !== undefined) world.pairs = pairsOfBoth(from, to);
  const before = beforeOf(world);
  if (fault === 'disk') world.files.isFull = true;
  const isStirred = random() < 0.5;
  if (isStirred) await stir(world, 1 + Math.floor(random() * 2));
  const ending = random() < 0.3 ? reload(world, next) : push(world, next);
  if (isStirred && world.isConnected) {
    world.command('config', world.valueOf(spoilt(next, 'root', random))); // There is room for one only.
    await stir(world, Math.floor(random() * 4));
  }
  const end = await world.until(ending, () => stir(world, isStirred && random() < 0.02 ? 1 : 0));
  world.files.isFull = false;
  world.trace(`# ended ${end}`);
  const isTaken = end === 'successful';
  if (plan !== undefined && plan.link.length > 0) world.excuse(before.commands);
  world.pairs = pairsOf(world.config);
  if (to === undefined ? isTaken : isTaken !== (fault === undefined)) {
    if (end !== 'unchanged' && !end.includes('busy')) world.violate(`a ${fault ?? 'good'} config ended ${end}`);
  }
  if (end.includes('rollback failed')) world.violate(end);
  if (!isTaken && JSON.stringify(world.config) !== JSON.stringify(from)) world.violate('another config runs');
  if (to === undefined || plan === undefined) return end;
  const window = { from, to, plan, before };
  checkMoves(world, window, isTaken);
  checkUntouched(world, window);
  checkCounts(world, window);
  return end;
}

/** Commands for whatever there is, and for what there is not. */
export async function stir(world: ChangeWorld, count: number): Promise<void> {
  const { random } = world;
  for (let index = 0; index < count; index += 1) {
    if (!world.isConnected) return; // The broker in memory keeps no sessions.
    const found = world.agent.changeable.table.found.all().map(({ name }) => name);
    const name = pick(random, [...Object.keys(world.config.documents), ...found, 'nobody']);
    const value = valueFor(world, world.config.documents[name]?.driver);
    world.command(name, value, random() < 0.1 ? { ttl: 200 } : {});
    if (random() < 0.3) await world.pass(pick(random, [0, 1, 30]));
  }
}

function valueFor({ random, nowMs }: ChangeWorld, driver: string | undefined): Value {
  switch (driver) {
    case 'gpio-counter':
      return { set: Math.floor(random() * 1_000) };
    case 'pwm-out':
      return Math.round(random() * 100) / 100;
    case 'serial-line':
    case 'serial-raw':
      return `w${nowMs}`;
    default:
      return pick<Value>(random, [true, true, true, false, 'toggle', { 'on-for': pick(random, [20, 400, 3_000]) }]);
  }
}

async function push(world: ChangeWorld, next: Written): Promise<string> {
  const { st, why, detail, val } = await world.command('config', world.valueOf(next)).ending;
  return st === 'successful' ? st : `${st}, ${why}, rollback ${String(Object(val).rollback)}: ${detail}`;
}

async function reload(world: ChangeWorld, next: Written): Promise<string> {
  const before = world.file;
  world.file = next;
  const office = await world.agent.office;
  const {
    status,
    reason,
    rollback,
    detail,
    faults = [],
  } = { ...(await office?.change({ do: 'reload', isDryRun: false })) };
  if (status === 'successful' || status === 'unchanged') return status;
  world.file = before;
  return `${status}, ${reason}, rollback ${rollback}: ${detail ?? faults.join()}`;
}
