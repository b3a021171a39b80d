import { storeLimits } from '../../agent/store/limits.ts';
import type { Order } from './commander.ts';
import type { World } from './world.ts';

/** Who joins now and only reads what is retained learns what the owner says when asked. */
export async function checkRetained(world: World): Promise<void> {
  for (const follower of world.followers) follower.doubt();
  await world.pass(5_000);
  for (const { document, known } of world.followers) {
    const retained = world.retained(document);
    const isSame = retained?.ep === known?.epoch && retained?.ver === known?.version;
    const owner = `${known?.epoch} ${known?.version}`;
    if (!isSame)
      world.violations.push(`${document} is retained as ${retained?.ep} ${retained?.ver}; its owner says ${owner}`);
  }
}

/** What must hold when the trouble is over. */
export function checkAtRest(world: World): void {
  checkOrders(world);
  checkReaders(world);
  checkEvents(world);
  checkCounters(world);
}

function checkOrders(world: World): void {
  const all = [...world.commander.orders.values()];
  for (const order of all) {
    const faults = faultsOf(order, effectsOf(order, world));
    const { id, doer, end, ends, sentCount, deathsCount } = order;
    const told = `ended ${end} (told: ${[...ends].join(', ')})`;
    const what = `order ${id} to ${doer.document}, sent ${sentCount} times, ${deathsCount} deaths, ${told}`;
    // One that a crash has done again, for want of a store, may be seen in the next one.
    const before = all.findLast((other) => other.doer === doer && other.id < id);
    const isExcused = order.isExcused || (doer.line !== undefined && before?.isExcused === true);
    for (const { fault, isPardonable } of faults)
      if (!isPardonable || !isExcused) world.violations.push(`${fault}: ${what}`);
  }
}

interface Fault {
  readonly fault: string;
  /** While the store does not work the agent goes on all the same, and promises less. */
  readonly isPardonable: boolean;
}

function faultsOf({ doer, end, ends, isUnbegun, deathsCount }: Order, effectsCount: number): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (is: boolean, text: string, isPardonable = true) => {
    if (is) faults.push({ fault: text, isPardonable });
  };
  fault(end === undefined, 'no end', false);
  if (doer.promise === 'again') return faults;
  const effectsMax = doer.promise === 'once' ? 1 : deathsCount + 1;
  fault(end === 'successful' && effectsCount === 0, 'told successful, no effect', doer.line !== undefined);
  fault(effectsCount > effectsMax, `${effectsCount} effects`);
  fault(ends.size > 1, 'two ends');
  if (doer.promise === 'once') fault(isUnbegun && effectsCount > 0, 'told not begun, with an effect');
  else fault(end === 'failed' && deathsCount < storeLimits.journalDeathsMax, 'given up too soon');
  return faults;
}

/** By its text, or by what its line did until the next one. */
function effectsOf({ id, doer, value, edgesBefore }: Order, world: World): number {
  if (doer.line === undefined) return world.device.effects.get(typeof value === 'string' ? value : '') ?? 0;
  const next = [...world.commander.orders.values()].find((other) => other.doer === doer && other.id > id);
  return (next?.edgesBefore ?? world.edgesOf(doer).length) - edgesBefore;
}

function checkReaders({ agent, followers, board, violations }: World): void {
  for (const { document, known, isStale } of followers) {
    if (isStale) violations.push(`the reader of ${document} is stale in quiet weather`);
    if (known?.epoch !== agent?.boot) violations.push(`the reader of ${document} is in epoch ${known?.epoch}`);
  }
  for (const [document, line] of [
    ['relay', 'RELAY'],
    ['button', 'BUTTON'],
    ['lamp', 'LAMP'],
  ] as const) {
    const value = followers.find((follower) => follower.document === document)?.known?.value;
    if (value !== (board.wire(line).level === 1))
      violations.push(`the reader is wrong about ${document}: ${JSON.stringify(value)}`);
  }
}

function checkEvents({ events, droppedCount, violations }: World): void {
  events.settleAll();
  const { missing, invented } = events;
  const lost = missing.length > droppedCount;
  if (lost) violations.push(`events lost, with ${droppedCount} counted as dropped: ${missing.join(', ')}`);
  if (invented.length > 0) violations.push(`events that never happened: ${invented.join(', ')}`);
}

function checkCounters({ agent, violations }: World): void {
  if (agent === undefined) return void violations.push('no agent at the end');
  const { received, successful, failed, superseded, answered, refusedTotal } = agent.sources.dispatch();
  const sum = successful + failed + superseded + answered + refusedTotal;
  if (received !== sum) violations.push(`dispatch received ${received} and ended ${sum}`);
}
