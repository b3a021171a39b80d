import { isPlainMap } from '../config/plain-map.ts';
import type { AgentFacts } from './facts.ts';

/** A number of the health report by its path; 0 where there is none. */
export function numberOf(agent: AgentFacts | undefined, ...path: readonly string[]): number {
  const found = path.reduce<unknown>((value, key) => (isPlainMap(value) ? value[key] : undefined), agent?.health);
  return typeof found === 'number' ? found : 0;
}

export function warningsOf(agent: AgentFacts | undefined): readonly string[] {
  const warnings = agent?.health['warnings'];
  return Array.isArray(warnings) ? warnings.map(textOf) : [];
}

export interface BrokerRow {
  readonly url: string;
  readonly isInUse: boolean;
  /** Of its last error. */
  readonly kind: string;
  readonly code: string;
  readonly detail: string;
  readonly fix: string;
}

export function brokerRowsOf(agent: AgentFacts | undefined): readonly BrokerRow[] {
  const link = agent?.health['link'];
  const rows = isPlainMap(link) ? link['brokers'] : undefined;
  if (!Array.isArray(rows)) return [];
  return rows.filter(isPlainMap).map((row) => {
    const error = isPlainMap(row['last_error']) ? row['last_error'] : {};
    return {
      url: textOf(row['url']),
      isInUse: row['state'] === 'in-use',
      kind: textOf(error['kind']),
      code: textOf(error['code']),
      detail: textOf(error['detail']),
      fix: textOf(error['fix']),
    };
  });
}

/** Refusals of the pool, by who wanted a slot: `small outbox 3`. */
export function refusalsOf(agent: AgentFacts | undefined): readonly string[] {
  const pool = agent?.health['pool'];
  if (!isPlainMap(pool)) return [];
  return ['small', 'large'].flatMap((size) => {
    const slab = pool[size];
    if (!isPlainMap(slab)) return [];
    return Object.entries(slab).flatMap(([holder, row]) => {
      const refused = isPlainMap(row) ? row['refused'] : 0;
      return typeof refused === 'number' && refused > 0 ? [`${size} ${holder} ${refused}`] : [];
    });
  });
}

/** Documents whose driver failed, of some kinds of driver. */
export function failedDrivers(
  agent: AgentFacts | undefined,
  kinds: RegExp,
): readonly { name: string; error: string }[] {
  const drivers = agent?.health['drivers'];
  if (!isPlainMap(drivers)) return [];
  return Object.entries(drivers).flatMap(([name, row]) => {
    if (!isPlainMap(row) || !kinds.test(textOf(row['driver'])) || row['state'] !== 'failed') return [];
    return [{ name, error: textOf(row['error']) }];
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
