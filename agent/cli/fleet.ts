import type { Message, Value } from '../qn/message.ts';
import { fieldsOf } from '../qn/value.ts';
import { plainText } from './message-text.ts';
import { paint } from './paint.ts';
import type { CliContext } from './verb.ts';

/** What matters of one node. */
export interface FleetRow {
  readonly node: string;
  readonly status: string;
  readonly facts: string;
  /** The first is the worst; warnings behind what the status is for. */
  readonly why: readonly string[];
}

/** The worst first: a node nobody hears, one whose outputs wait for somebody, one that lacks something. */
const ranks = ['offline', 'silent', 'safe', 'degraded', 'online'];

export function rowOf(node: string, { val }: Message): FleetRow {
  const { status, selftest, uptime_s: uptime, degrade_level: level, why, warnings } = fieldsOf(val);
  const verdict = plainText(fieldsOf(selftest)['health_status']);
  const isBusy = typeof level === 'number' && level > 0;
  const facts =
    uptime === undefined
      ? ''
      : `  uptime ${plainText(uptime)} s  self-test ${verdict}${isBusy ? `  level ${level}` : ''}`;
  const told = [...textsOf(why), ...textsOf(warnings).map((text) => `warning: ${text}`)];
  return { node, status: plainText(status), facts, why: told };
}

function textsOf(list: Value | undefined): readonly string[] {
  return Array.isArray(list) ? list.map(plainText) : [];
}

/** `pi-1  online  uptime 12 s  self-test PASS`, with the reasons below when something is wrong. */
export function formatNode({ node, status, facts, why }: FleetRow): string {
  return `${node}  ${status}${facts}${why.map((reason) => `\n  ${reason}`).join('')}`;
}

/** One aligned line a node, trouble first, with the worst reason behind it. */
export function formatFleet(context: CliContext, rows: readonly FleetRow[]): readonly string[] {
  const sorted = rows.toSorted(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      Number(one.why.length === 0) - Number(other.why.length === 0) ||
      one.node.localeCompare(other.node, 'en'),
  );
  const width = (pick: (row: FleetRow) => string) => Math.max(...rows.map((row) => pick(row).length));
  const [nodes, statuses, facts] = [width((row) => row.node), width((row) => row.status), width((row) => row.facts)];
  return sorted.map((row) => {
    const status = paint(context, styleOf(row), row.status.padEnd(statuses));
    const [first = ''] = row.why;
    const more = row.why.length > 1 ? ` (and ${row.why.length - 1} more)` : '';
    return `${row.node.padEnd(nodes)}  ${status}${row.facts.padEnd(facts)}  ${first}${more}`.trimEnd();
  });
}

function rankOf({ status }: FleetRow): number {
  return ranks.indexOf(status); // What is not known comes first of all.
}

function styleOf({ status }: FleetRow): 'good' | 'doubtful' | 'bad' {
  if (status === 'online') return 'good';
  return status === 'degraded' ? 'doubtful' : 'bad';
}
