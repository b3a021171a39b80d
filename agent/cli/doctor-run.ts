import { formatLookedAt, type LookedAt } from '../config/generations/looked-at.ts';
import { readOnlyFiles } from '../config/generations/read-only-files.ts';
import { type Diagnosis, diagnose } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import { systemRoot } from '../doctor/probes/system.ts';
import { brokerAccess } from './broker-access.ts';
import { pickConfig } from './choose-config.ts';
import { overridesOf } from './config-option.ts';
import { ownCode } from './own-code.ts';
import type { CliContext } from './verb.ts';

export const checkCodes: ReadonlySet<string> = new Set(checks.map(({ code }) => code));

export interface TimedDiagnosis extends Diagnosis {
  /** Absent: there was no config to look at. */
  readonly looked_at?: LookedAt;
  readonly took_ms: number;
}

export async function runDoctor(
  context: CliContext,
  configPath: string,
  ignored: ReadonlySet<string>,
): Promise<TimedDiagnosis> {
  const { clock } = context;
  const startMs = clock.monotonicMs();
  const env = overridesOf(context);
  const files = readOnlyFiles();
  const { loaded, booted } = await pickConfig(context, configPath, files);
  const facts = await examine({
    ...{ clock, env, configPath, loaded, booted, denied: files.denied },
    root: systemRoot,
    code: ownCode(),
    access: (config) => brokerAccess(config.mqtt, env),
  });
  const { lookedAt } = facts.configuration;
  return {
    ...diagnose(checks, facts, ignored),
    ...(lookedAt !== undefined && { looked_at: lookedAt }),
    took_ms: Math.round(clock.monotonicMs() - startMs),
  };
}

const marks = { problem: 'PROBLEM', warning: 'warning' } as const;

/** Two lines for each finding, the worst first; what was looked at, and how many there are, last. */
export function formatDiagnosis({ findings, checks: rows, looked_at, took_ms }: TimedDiagnosis): readonly string[] {
  const lines = findings.flatMap(({ severity, code, cause, fix }) => [
    `${marks[severity]} ${code.padEnd(7)} ${cause}`,
    `                → ${fix}`,
  ]);
  const problems = findings.filter(({ severity }) => severity === 'problem').length;
  const unknown = rows.filter(({ status }) => status === 'unknown').map(({ code }) => code);
  const hidden = unknown.length === 0 ? '' : `, ${unknown.length} not possible here: ${unknown.join(' ')}`;
  const count = `${problems} problems, ${findings.length - problems} warnings`;
  const looked = looked_at === undefined ? [] : [`looked at ${formatLookedAt(looked_at)}`];
  return [...lines, ...looked, `${count}; ${rows.length} checks in ${took_ms} ms${hidden}`];
}
