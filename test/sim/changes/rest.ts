import type { DocumentConfig } from '../../../agent/config/config.ts';
import { levelOf } from '../../../agent/documents/level.ts';
import { formatLine } from '../../../drivers/contract/digital.ts';
import type { ChangeWorld } from './change-world.ts';
import { pairsOf } from './pairs.ts';
import { registerWord } from './ports.ts';
import { lines } from './random-document.ts';

const own = ['channels', 'config', 'selftest'];

/** Nothing is under way. */
export function checkRest(world: ChangeWorld): void {
  const { config, agent, wires, ports, retained } = world;
  for (const report of agent.sources.drivers())
    if (report.state !== 'working') world.violate(`${report.document} ${report.error}`);
  const found = agent.changeable.table.found.all().map(({ name }) => name);
  const expected = [...own, ...Object.keys(config.documents), ...found].toSorted();
  const told = [...retained.keys()].toSorted();
  if (told.join() !== expected.join()) world.violate(`retained are ${told.join()}; the config has ${expected.join()}`);
  const configured = Object.values(config.documents);
  const wantedLines = configured.flatMap((one) => ('line' in one ? [formatLine(one.line)] : [])).toSorted();
  const heldLines = lines.filter((line) => wires.holder(line) !== undefined);
  if (heldLines.join() !== wantedLines.join())
    world.violate(`held are ${heldLines.join()}; the config has ${wantedLines.join()}`);
  const wanted = configured.flatMap((one) => ('port' in one ? [one.port] : [])).toSorted();
  if (ports.open.join() !== wanted.join())
    world.violate(`open are ${ports.open.join()}; the config has ${wanted.join()}`);
  for (const [name, one] of Object.entries(config.documents)) checkTold(world, name, one);
  for (const { lines: both, on } of pairsOf(config))
    if (both.every((line, index) => wires.level(line) === on[index])) world.violate(`${both.join()} are on together`);
}

/** What is told of a document against its wire. */
function checkTold(world: ChangeWorld, name: string, one: DocumentConfig): void {
  const told = JSON.stringify(world.retained.get(name));
  const wire = wireOf(world, one);
  if (wire !== undefined && told !== JSON.stringify(wire)) world.violate(`${name} tells ${told}, and its wire ${wire}`);
  if (one.driver === 'gpio-out' && one.maxOnMs !== undefined && wire === true)
    world.violate(`${name} is on for longer than ${one.maxOnMs} ms`);
}

function wireOf({ wires, waves }: ChangeWorld, one: DocumentConfig): boolean | number | undefined {
  switch (one.driver) {
    case 'gpio-out':
    case 'gpio-in':
      return wires.level(formatLine(one.line)) === levelOf(one, true);
    case 'pwm-out':
      return waves.get(`${one.chip}:${one.channel}`)?.duty ?? Number.NaN;
    case 'modbus-register':
      return registerWord;
    default:
      return undefined;
  }
}
