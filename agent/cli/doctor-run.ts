import { type Diagnosis, diagnose } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import { systemRoot } from '../doctor/probes/system.ts';
import { brokerAccess } from './broker-access.ts';
import { ownCode } from './own-code.ts';
import type { CliContext } from './verb.ts';

export const checkCodes: ReadonlySet<string> = new Set(checks.map(({ code }) => code));

export interface TimedDiagnosis extends Diagnosis {
  readonly took_ms: number;
}

export async function runDoctor(
  { clock, env }: CliContext,
  configPath: string,
  ignored: ReadonlySet<string>,
): Promise<TimedDiagnosis> {
  const startMs = clock.monotonicMs();
  const { QN_CONFIG: _, ...own } = env;
  const facts = await examine({
    clock,
    env: own,
    configPath,
    root: systemRoot,
    code: ownCode(),
    access: (config) => brokerAccess(config.mqtt, own),
  });
  return { ...diagnose(checks, facts, ignored), took_ms: Math.round(clock.monotonicMs() - startMs) };
}

const marks = { problem: 'PROBLEM', warning: 'warning' } as const;

/** Two lines for each finding, the worst first; how many there are, last. */
export function formatDiagnosis({ findings, checks: rows, took_ms }: TimedDiagnosis): readonly string[] {
  const lines = findings.flatMap(({ severity, code, cause, fix }) => [
    `${marks[severity]} ${code.padEnd(7)} ${cause}`,
    `                → ${fix}`,
  ]);
  const problems = findings.filter(({ severity }) => severity === 'problem').length;
  const unknown = rows.filter(({ status }) => status === 'unknown').map(({ code }) => code);
  const hidden = unknown.length === 0 ? '' : `, ${unknown.length} not possible here: ${unknown.join(' ')}`;
  const count = `${problems} problems, ${findings.length - problems} warnings`;
  return [...lines, `${count}; ${rows.length} checks in ${took_ms} ms${hidden}`];
}
