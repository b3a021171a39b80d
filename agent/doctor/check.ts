import type { AgentFacts, BoardFacts, Facts } from './facts.ts';

/** problem: it does not work, or is about to break something · warning: it works, and will cost a visit one day. */
export type Severity = 'problem' | 'warning';

/** What is wrong, in one sentence, and the one command that mends it. */
export interface Trouble {
  readonly severity: Severity;
  readonly cause: string;
  readonly fix: string;
}

/**
 * One row of the table. Pure: it judges what was found out. The code is for ever: scripts, tickets and people know it.
 * `unknown`: what it judges could not be looked at.
 */
export interface Check {
  readonly code: string;
  readonly title: string;
  judge(facts: Facts): readonly Trouble[] | 'unknown';
}

export interface Finding extends Trouble {
  readonly code: string;
}

export interface CheckRow {
  readonly code: string;
  readonly title: string;
  readonly status: 'ok' | 'unknown' | Severity;
}

export interface Diagnosis {
  readonly status: 'ok' | Severity;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckRow[];
}

export function diagnose(checks: readonly Check[], facts: Facts, ignored: ReadonlySet<string> = new Set()): Diagnosis {
  const judged = checks
    .filter(({ code }) => !ignored.has(code))
    .map((check) => ({ check, verdict: check.judge(facts) }));
  const findings = judged.flatMap(({ check, verdict }) =>
    verdict === 'unknown' ? [] : verdict.map((trouble) => ({ code: check.code, ...trouble })),
  );
  const rows = judged.map(({ check, verdict }): CheckRow => {
    const { code, title } = check;
    return { code, title, status: verdict === 'unknown' ? 'unknown' : worstOf(verdict) };
  });
  // What does not work first; within that the order of the table, which is the way from the board to the broker.
  const sorted = findings.toSorted(
    (one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'),
  );
  return { status: worstOf(findings), findings: sorted, checks: rows };
}

function worstOf(troubles: readonly Trouble[]): 'ok' | Severity {
  if (troubles.length === 0) return 'ok';
  return troubles.some(({ severity }) => severity === 'problem') ? 'problem' : 'warning';
}

/** A judge of what is known only with a config to look at. */
export function onBoard(judge: (board: BoardFacts, facts: Facts) => readonly Trouble[]): Check['judge'] {
  return (facts) => (facts.board === undefined ? 'unknown' : judge(facts.board, facts));
}

/** A judge of what only a running agent tells. */
export function onAgent(judge: (agent: AgentFacts, facts: Facts) => readonly Trouble[]): Check['judge'] {
  return (facts) => (facts.agent === undefined ? 'unknown' : judge(facts.agent, facts));
}

export function problem(cause: string, fix: string): Trouble {
  return { severity: 'problem', cause, fix };
}

export function warning(cause: string, fix: string): Trouble {
  return { severity: 'warning', cause, fix };
}
