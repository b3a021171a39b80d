import type { planChange } from '../../../agent/config/change/plan.ts';
import type { Config, DocumentConfig } from '../../../agent/config/config.ts';
import type { ChangeWorld, Command } from './change-world.ts';

/** A change of the config, from the moment it was asked for. */
export interface Window {
  readonly from: Config;
  /** What was asked for, whether it was taken or not. */
  readonly to: Config;
  readonly plan: ReturnType<typeof planChange>;
  readonly before: Before;
}

/** How long each record of the world was, and what was counted. */
export interface Before {
  readonly edges: number;
  readonly releases: number;
  readonly closes: number;
  readonly waves: number;
  readonly deltas: number;
  readonly counts: ReadonlyMap<string, unknown>;
  /** What had ended. */
  readonly commands: ReadonlySet<Command>;
}

export function beforeOf({ wires, ports, waveSets, deltas, retained, commands }: ChangeWorld): Before {
  return {
    edges: wires.edges.length,
    releases: wires.releases.length,
    closes: ports.closes.length,
    waves: waveSets.length,
    deltas: deltas.length,
    counts: new Map([...retained].map(([name, value]) => [name, countOf(value)])),
    commands: new Set([...commands.values()].filter(({ end }) => end !== undefined)),
  };
}

export const countOf = (value: unknown) => Object(value).count as unknown;

export const groupOf = (document: DocumentConfig | undefined) =>
  document?.driver === 'gpio-out' ? document.interlock?.group : undefined;

export const howOf = ({ plan }: Window, document: string) => plan.documents.find(({ name }) => name === document)?.how;

/** Commands that were under way meanwhile, for these documents and what stands below them. */
export function commandsFor(
  { commands }: ChangeWorld,
  { before }: Window,
  names: readonly string[],
): readonly Command[] {
  const isFor = (document: string) => names.some((name) => document === name || document.startsWith(`${name}.`));
  return [...commands.values()].filter((one) => !before.commands.has(one) && isFor(one.document));
}

/** Something but the change itself may have moved it. */
export function hasCause(world: ChangeWorld, name: string, window: Window): boolean {
  const { from, to, plan } = window;
  const outputs = [from, to].flatMap(({ documents: { [name]: one } }) => (one?.driver === 'gpio-out' ? [one] : []));
  const groups = outputs.map(groupOf);
  const near = [from, to].flatMap(({ documents }) =>
    Object.keys(documents).filter((other) => {
      const group = groupOf(documents[other]);
      return group !== undefined && groups.includes(group);
    }),
  );
  if (commandsFor(world, window, [name, ...near]).length > 0) return true;
  return outputs.some(
    ({ maxOnMs, safe, interlock }) =>
      maxOnMs !== undefined ||
      (plan.link.length > 0 && safe.offline !== undefined) ||
      (interlock !== undefined && safe.boot === true),
  );
}
