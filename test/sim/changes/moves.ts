import type { GpioOutConfig } from '../../../agent/config/config.ts';
import { levelOf } from '../../../agent/documents/level.ts';
import { formatLine } from '../../../drivers/contract/digital.ts';
import { safeAction } from '../../../drivers/safe-state.ts';
import type { ChangeWorld } from './change-world.ts';
import { outputsOf } from './pairs.ts';
import { hasCause, howOf, type Window } from './window.ts';

/** What a meter saw at the outputs while a config was changed. */
export function checkMoves(world: ChangeWorld, window: Window, isTaken: boolean): void {
  checkStill(world, window);
  const { from, to } = window;
  const names = [...Object.keys(from.documents), ...Object.keys(to.documents)];
  if (!names.some((name) => hasCause(world, name, window))) checkPlanned(world, window, isTaken);
  if (!isTaken) return;
  checkExits(world, window);
  checkBoots(world, window);
}

const isSameLine = (one: GpioOutConfig, other: GpioOutConfig) =>
  formatLine(one.line) === formatLine(other.line) && one.active === other.active;

/** Not even the shortest edge; but one that is to be in a group may have to go off for it. */
function checkStill(world: ChangeWorld, window: Window): void {
  for (const { name, document, line } of outputsOf(window.from)) {
    const next = window.to.documents[name];
    const how = howOf(window, name);
    if (next?.driver !== 'gpio-out' || !isSameLine(document, next) || how === 'reopened') continue;
    if (hasCause(world, name, window)) continue;
    const mayGoOff = how === 'ruled' && (next.interlock ?? document.interlock) !== undefined;
    const seen = edgesOf(world, window, line).filter((level) => !mayGoOff || level === levelOf(next, true));
    if (seen.length > 0) world.violate(`${name} (${line}, ${how ?? 'unchanged'}) moved: ${seen.join()}`);
  }
}

/** The plan is what a person was shown before. */
function checkPlanned(world: ChangeWorld, window: Window, isTaken: boolean): void {
  const { from, to, plan } = window;
  const outputs = [...outputsOf(from), ...outputsOf(to)];
  const touched = new Set(plan.levels.map(({ line }) => line));
  // What is taken back goes to its exit state and to its boot state once more.
  const isClosed = (name: string) => !['ruled', 'relabelled', undefined].includes(howOf(window, name));
  if (!isTaken) for (const { name, line } of outputs) if (isClosed(name)) touched.add(line);
  for (const line of new Set(outputs.map((output) => output.line))) {
    if (outputs.some((output) => output.line === line && output.document.interlock !== undefined)) continue;
    const seen = edgesOf(world, window, line).map((level) => (level === 1 ? 'high' : 'low'));
    if (!touched.has(line) && seen.length > 0) world.violate(`${line} moved and is not in the plan: ${seen.join()}`);
    const row = plan.levels.find((one) => one.line === line);
    if (!isTaken || row?.from === undefined) continue;
    const planned = row.to.filter((level, index) => level !== (row.to[index - 1] ?? row.from));
    if (planned.join() !== seen.join())
      world.violate(`${line} was planned ${JSON.stringify(row)}, and went ${seen.join()}`);
  }
}

function checkExits(world: ChangeWorld, { from, to }: Window): void {
  const held = new Set(Object.values(to.documents).flatMap((one) => ('line' in one ? [formatLine(one.line)] : [])));
  for (const { name, document, line } of outputsOf(from)) {
    const exit = safeAction('exit', document.safe);
    if (held.has(line) || exit.do !== 'drive' || (exit.on && document.interlock !== undefined)) continue;
    if (world.wires.level(line) !== levelOf(document, exit.on))
      world.violate(`${name} was let go of, and ${line} is not in its exit state`);
  }
}

function checkBoots(world: ChangeWorld, window: Window): void {
  for (const { name, document, line } of outputsOf(window.to)) {
    const how = howOf(window, name);
    const boot = safeAction('boot', document.safe);
    if ((how !== 'added' && how !== 'reopened') || hasCause(world, name, window)) continue;
    if (boot.do !== 'drive' || (boot.on && document.interlock !== undefined)) continue;
    if (world.wires.level(line) !== levelOf(document, boot.on))
      world.violate(`${name} was opened, and ${line} is not in its boot state`);
  }
}

const edgesOf = ({ wires }: ChangeWorld, { before }: Window, line: string) =>
  wires.edges.slice(before.edges).flatMap((edge) => (edge.line === line ? [edge.level] : []));
