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

function checkOrders({ commander, device, violations }: World): void {
  for (const { id, document, value, isOnce, isExcused, end, ends, sentCount } of commander.orders.values()) {
    const told = [...ends].join(', ');
    const what = `order ${id} to ${document}, sent ${sentCount} times, ended ${end} (told: ${told})`;
    if (end === undefined) violations.push(`no end: ${what}`);
    if (!isOnce) continue;
    const count = device.effects.get(typeof value === 'string' ? value : '') ?? 0;
    if (end === 'successful' && count === 0) violations.push(`told successful, no effect: ${what}`);
    if (isExcused) continue;
    if (count > 1) violations.push(`${count} effects: ${what}`);
    if (ends.size > 1) violations.push(`two ends: ${what}`);
  }
}

function checkReaders({ agent, followers, board, violations }: World): void {
  for (const { document, known, isStale } of followers) {
    if (isStale) violations.push(`the reader of ${document} is stale in quiet weather`);
    if (known?.epoch !== agent?.boot) violations.push(`the reader of ${document} is in epoch ${known?.epoch}`);
  }
  for (const [document, line] of [
    ['relay', 'RELAY'],
    ['button', 'BUTTON'],
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
