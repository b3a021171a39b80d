/** What the board says, as far as the page looks at it. */
export interface BoardConfig {
  readonly node: string;
  readonly http?: { readonly isWritable?: boolean };
  readonly documents: { readonly [name: string]: DocumentConfig };
}

export interface DocumentConfig {
  readonly driver: string;
  readonly unitOfMeasure?: string;
  readonly scale?: number;
}

export interface Health {
  readonly ok: boolean;
  readonly status: string;
  readonly checks: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly detail: string;
    readonly fix?: string;
  }[];
  readonly report: {
    readonly uptime_s?: number;
    readonly versions?: { readonly agent?: string; readonly protocol?: string; readonly config?: string };
    readonly rss_bytes?: number;
    readonly loop?: { readonly p99_us?: number };
    readonly outbox?: { readonly depth?: number; readonly dropped?: number };
    readonly link?: { readonly broker?: string; readonly reconnects?: number };
  };
}

export interface SelfTest {
  readonly health_status: string;
  readonly tests: readonly {
    readonly id: string;
    readonly title: string;
    readonly status: 'pass' | 'fail' | 'skip';
    readonly detail: string;
    readonly took_us: number;
    readonly fix?: string;
  }[];
}

export interface EventPage {
  readonly last_lsn: number;
  readonly events: readonly EventRow[];
}

export interface EventRow {
  readonly lsn: number;
  readonly ts: number;
  readonly kind: string;
  readonly document: string;
  readonly value: unknown;
}

export interface LogPage {
  readonly level: string;
  /** Number of the latest line. */
  readonly last: number;
  readonly lines: readonly LogLine[];
}

export interface LogLine {
  readonly level: string;
  readonly time: number;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Said {
  readonly t: string;
  readonly doc?: string;
  readonly ver?: number;
  readonly base?: number;
  readonly val?: unknown;
  readonly st?: string;
  readonly why?: string;
  readonly detail?: string;
  readonly status?: string;
}

/** A value as one line, in the words of whoever looks after the board. */
export function formatValue(value: unknown): string {
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (typeof value === 'string') return value;
  return (isMap(value) ? formatMap(value) : undefined) ?? JSON.stringify(value) ?? '–';
}

/** The objects of the protocol (QN-3.2c to QN-3.2f), and how a command ended. */
function formatMap({ count, rate, open, why, status, detail, up, down }: Record<string, unknown>): string | undefined {
  const because = [why, detail].filter((text) => typeof text === 'string').join(': ');
  if (typeof count === 'number' && typeof rate === 'number') return `${count} · ${Math.round(rate * 10) / 10}/s`;
  if (open === true) return 'open';
  if (open === false) return `closed${because === '' ? '' : `, ${because}`}`;
  if (typeof status === 'string') return `${status}${because === '' ? '' : `, ${because}`}`;
  if (typeof up === 'string') return `connected to ${up}`;
  return typeof down === 'string' ? `lost ${down}` : undefined;
}

/** RFC 7396; a Delta carries one. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
