import type { Problem } from './fault.ts';
import { nearestName } from './nearest.ts';
import { isPlainMap } from './plain-map.ts';

type RawDocument = { readonly [key: string]: unknown };
type Named = readonly (readonly [name: string, document: RawDocument])[];

/** Whether the outputs of a board fit together: channels that are taken, interlock groups that lock nothing. */
export function outputProblems(documents: Named): readonly Problem[] {
  return [...channelProblems(documents), ...groupProblems(documents)];
}

function channelProblems(documents: Named): readonly Problem[] {
  const firstOf = new Map<string, string>();
  return documents.flatMap(([name, document]) => {
    if (document['driver'] !== 'pwm-out') return [];
    const { chip, channel: number = 0 } = document;
    if (typeof chip !== 'string' || typeof number !== 'number') return [];
    const channel = `${chip}:${number}`;
    const first = firstOf.get(channel);
    if (first === undefined) firstOf.set(channel, name);
    if (first === undefined) return [];
    return [problem([name, 'chip'], `channel ${channel} is taken by ${first}`, 'each can serve one document')];
  });
}

function groupProblems(documents: Named): readonly Problem[] {
  const groups = new Map<string, [string, RawDocument][]>();
  for (const [name, document] of documents) {
    const group = document['interlock'];
    if (document['driver'] !== 'gpio-out' || typeof group !== 'string') continue;
    groups.set(group, [...(groups.get(group) ?? []), [name, document]]);
  }
  const names = [...groups.keys()];
  return [...groups].flatMap(([group, members]) => [
    ...loneProblems(group, members, names),
    ...safeKeys.flatMap((path) => bothOnProblems(group, members, path)),
    ...agentlessKeys.flatMap((key) => leftOnProblems(group, members, key)),
  ]);
}

/** Mostly a misspelt name: the lock would be an illusion. */
function loneProblems(group: string, members: Named, names: readonly string[]): readonly Problem[] {
  const [first] = members;
  if (members.length > 1 || first === undefined) return [];
  const nearest = nearestName(
    group,
    names.filter((name) => name !== group),
  );
  const fix = nearest === undefined ? 'give another output the same interlock' : `did you mean ${nearest}?`;
  return [problem([first[0], 'interlock'], `nobody else is in the interlock group ${group}`, fix)];
}

const safeKeys = [['boot'], ['exit'], ['crash'], ['config-error'], ['offline', 'to']] as const;

/** Two members that a safe state switches on would be on at the same time. */
function bothOnProblems(group: string, members: Named, path: (typeof safeKeys)[number]): readonly Problem[] {
  const on = members.filter(([, document]) => isOn(valueAt(document['safe'], path)));
  const first = on[0]?.[0];
  return on.slice(1).map(([name]) => {
    const text = `${first ?? ''} of the interlock group ${group} is on then, too`;
    return problem([name, 'safe', ...path], text, 'only one of the group can be on');
  });
}

/** When nobody is there who could see that another member is on: at boot, exit and offline the agent asks the group first. */
const agentlessKeys = ['crash', 'config-error'] as const;

/** A member that was on stays on, beside one that is switched on. */
function leftOnProblems(group: string, members: Named, key: (typeof agentlessKeys)[number]): readonly Problem[] {
  const stateOf = (document: RawDocument) => valueAt(document['safe'], [key]);
  const on = members.find(([, document]) => isOn(stateOf(document)))?.[0];
  if (on === undefined) return [];
  return members.flatMap(([name, document]) => {
    const state = stateOf(document);
    if (state !== 'hold' && state !== 'release') return [];
    const text = `${name} of the interlock group ${group} may be on then, and ${on} goes on`;
    return [problem([name, 'safe', key], text, `write ${key}: off here, or off or hold for ${on}`)];
  });
}

function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  return isPlainMap(value) ? valueAt(value[key], rest) : undefined;
}

function isOn(value: unknown): boolean {
  return value === 'on' || value === true;
}

function problem(path: readonly string[], message: string, fix: string): Problem {
  return { path: ['documents', ...path], at: 'value', message, fix };
}
