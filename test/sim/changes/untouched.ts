import type { DocumentConfig } from '../../../agent/config/config.ts';
import { formatLine } from '../../../drivers/contract/digital.ts';
import type { ChangeWorld, Command } from './change-world.ts';
import { commandsFor, countOf, howOf, type Window } from './window.ts';

/** What the change has nothing to do with goes on in the same hands, and takes commands all the time. */
export function checkUntouched(world: ChangeWorld, window: Window): void {
  const { from, to, before } = window;
  const closes = world.ports.closes.slice(before.closes);
  for (const [name, one] of Object.entries(from.documents)) {
    const how = howOf(window, name);
    if (!(name in to.documents) || (how !== undefined && how !== 'ruled' && how !== 'relabelled')) continue;
    const mine = commandsFor(world, window, [name]);
    for (const command of mine) checkAnswer(world, command, how === 'ruled');
    if ('port' in one && closes.includes(one.port))
      world.violate(`the port of ${name} (${how ?? 'unchanged'}) was closed`);
    if (how === 'ruled') continue;
    if ('line' in one && world.wires.releases.slice(before.releases).includes(formatLine(one.line)))
      world.violate(`${name} (${how ?? 'unchanged'}) was let go of`);
    if (mine.length > 0 || movesByItself(one)) continue;
    if (world.deltas.slice(before.deltas).includes(name)) world.violate(`${name} told another value`);
    if (one.driver === 'pwm-out' && world.waveSets.slice(before.waves).includes(`${one.chip}:${one.channel}`))
      world.violate(`${name} was driven`);
  }
}

/** Also where the counter is gone in a config that was taken back. */
export function checkCounts(world: ChangeWorld, window: Window): void {
  const { from, to, before } = window;
  for (const [name, { driver }] of Object.entries(from.documents)) {
    const isStill = (document: DocumentConfig | undefined) => document?.driver === driver;
    if (driver !== 'gpio-counter' || !isStill(world.config.documents[name])) continue;
    if ((name in to.documents && !isStill(to.documents[name])) || commandsFor(world, window, [name]).length > 0)
      continue;
    const [count, told] = [before.counts.get(name), countOf(world.retained.get(name))];
    if (told !== count) world.violate(`${name} counted ${String(count)} before, and ${String(told)} behind it`);
  }
}

function movesByItself(one: DocumentConfig): boolean {
  if (one.driver === 'gpio-counter') return true; // Its rate fades.
  return (
    one.driver === 'gpio-out' &&
    (one.interlock !== undefined || one.maxOnMs !== undefined || one.safe.offline !== undefined)
  );
}

/** `isRuled`: its output is taken over as it is, and takes no pulse until then. */
function checkAnswer(world: ChangeWorld, { end, id, document, isPulse }: Command, isRuled: boolean): void {
  const { st, why = '', detail = '' } = end ?? {};
  const refusals = ['unsupported', 'out-of-range', ...(isRuled && isPulse ? ['busy'] : [])];
  const isBad = (st === 'failed' && why !== 'interlocked') || (st === 'rejected' && !refusals.includes(why));
  if (isBad) world.violate(`#${id} ${document} was ${st}, ${why}: ${detail}`);
}
