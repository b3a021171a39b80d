import * as v from 'valibot';
import { checkConfig, checkTree } from '../../../agent/config/check.ts';
import { boundFaults, type ConfigFault, faultAt, locate, sortFaults } from '../../../agent/config/fault.ts';
import { parseYaml } from '../../../agent/config/parse-yaml.ts';
import { toProblem } from '../../../agent/config/schema/issue.ts';
import { type Tree, type TreeEntry, toPlain } from '../../../agent/config/tree.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { type BoardSection, boardSection } from './board-section.ts';

/** What the file on the card says: of the board, and to the agent. */
export interface Card {
  readonly node: string;
  readonly board: BoardSection;
  /** The file without `board:`, every other line where it was, so that faults that are found later have the same lines. */
  readonly agentText: string;
}

const boardKey = 'board';

/** Every fault at once, of both parts. Touches nothing. */
export function readCard(text: string, file: string): Result<Card, readonly ConfigFault[]> {
  const parsed = parseYaml(text, file);
  if (!parsed.ok) return fail(boundFaults(parsed.error));
  const tree = parsed.value;
  if (tree === null || tree.kind !== 'map') {
    return fail([{ file, line: 1, column: 1, pointer: '', message: 'expected a map of sections', fix: 'node: pi-1' }]);
  }
  const entry = tree.entries.get(boardKey);
  const board = v.safeParse(boardSection, entry === undefined ? {} : toPlain(entry.value), { abortPipeEarly: true });
  const others = new Map([...tree.entries].filter(([key]) => key !== boardKey));
  const agent = checkTree({ ...tree, entries: others });
  const boardProblems = (board.issues ?? []).map((issue) => toProblem(issue, [boardKey]));
  const faults = [
    ...locate(tree, boardProblems),
    ...(agent.ok ? [] : agent.error),
    ...(entry === undefined ? [] : misplaced(entry, [...others.values()])),
  ];
  if (!board.success || !agent.ok || faults.length > 0) return fail(boundFaults(sortFaults(faults)));
  const card = { node: agent.value.config.node, board: board.output, agentText: text };
  if (entry === undefined) return ok(card);
  const agentText = withoutLines(text, linesOf(entry, tree));
  const alone = checkConfig(agentText, file);
  if (alone.ok && alone.value.hash === agent.value.hash) return ok({ ...card, agentText });
  const message = 'board must stand by itself: no { } around the whole file, no anchor in it that others use';
  return fail([faultAt(entry.keyPlace, [boardKey], message)]);
}

/** It is taken out by whole lines. */
function misplaced({ keyPlace }: TreeEntry, others: readonly TreeEntry[]): readonly ConfigFault[] {
  const isAlone = keyPlace.column === 1 && others.every((other) => other.keyPlace.line !== keyPlace.line);
  return isAlone ? [] : [faultAt(keyPlace, [boardKey], 'board must begin a line of its own')];
}

interface Lines {
  /** Both begin with 1; the end is not included. */
  readonly start: number;
  readonly end: number;
}

function linesOf(entry: TreeEntry, { entries }: Tree & { readonly kind: 'map' }): Lines {
  const start = entry.keyPlace.line ?? 1;
  const later = [...entries.values()].map(({ keyPlace }) => keyPlace.line ?? 1).filter((line) => line > start);
  return { start, end: Math.min(...later, Number.MAX_SAFE_INTEGER) };
}

/** They stay as empty ones. */
function withoutLines(text: string, { start, end }: Lines): string {
  const lines = text.split('\n');
  return lines.map((line, index) => (index + 1 >= start && index + 1 < end ? '' : line)).join('\n');
}
