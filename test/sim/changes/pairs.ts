import type { Config } from '../../../agent/config/config.ts';
import { levelOf } from '../../../agent/documents/level.ts';
import { formatLine } from '../../../drivers/contract/digital.ts';
import type { ChangeWorld } from './change-world.ts';
import type { WireEdge } from './wires.ts';

export interface Pair {
  readonly key: string;
  readonly lines: readonly [string, string];
  readonly on: readonly [number, number];
  readonly deadTimeMs: number;
}

export const outputsOf = (config: Config) =>
  Object.entries(config.documents).flatMap(([name, document]) =>
    document.driver === 'gpio-out' ? [{ name, document, line: formatLine(document.line) }] : [],
  );

/** Lines that are never to be on together. */
export function pairsOf(config: Config): readonly Pair[] {
  const outputs = outputsOf(config).toSorted((one, other) => (one.line < other.line ? -1 : 1));
  return outputs.flatMap((one, index) =>
    outputs.slice(index + 1).flatMap((other): Pair[] => {
      const group = one.document.interlock?.group;
      if (group === undefined || other.document.interlock?.group !== group) return [];
      const on = [levelOf(one.document, true), levelOf(other.document, true)] as const;
      const interlocks = outputs.map(({ document: { interlock } }) => interlock);
      const deadTimeMs = Math.max(...interlocks.map((of) => (of?.group === group ? of.deadTimeMs : 0)));
      return [{ key: `${one.line}${on[0]}${other.line}${on[1]}`, lines: [one.line, other.line], on, deadTimeMs }];
    }),
  );
}

export function pairsOfBoth(from: Config, to: Config): readonly Pair[] {
  const next = new Map(pairsOf(to).map((pair) => [pair.key, pair]));
  return pairsOf(from).flatMap((pair) => {
    const other = next.get(pair.key);
    return other === undefined ? [] : [{ ...pair, deadTimeMs: Math.min(pair.deadTimeMs, other.deadTimeMs) }];
  });
}

/** Looks at each edge when it happens. */
export function watchPairs(world: ChangeWorld): (edge: WireEdge) => void {
  const offMs = new Map<string, number>(); // Of a line as one of a pair.
  return ({ line, level, atMs }) => {
    for (const { key, lines, on, deadTimeMs } of world.pairs) {
      const [one, other] = lines;
      if (line !== one && line !== other) continue;
      if (world.wires.level(one) === on[0] && world.wires.level(other) === on[1])
        world.violate(`${one} and ${other} are on together`);
      const [mine, theirs] = line === one ? [on[0], other] : [on[1], one];
      if (level !== mine) offMs.set(`${key} ${line}`, atMs);
      const pastMs = atMs - (offMs.get(`${key} ${theirs}`) ?? Number.NEGATIVE_INFINITY);
      if (level === mine && pastMs < deadTimeMs)
        world.violate(`${line} goes on ${pastMs} ms after ${theirs} went off; the dead time is ${deadTimeMs} ms`);
    }
  };
}
