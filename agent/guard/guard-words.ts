/** What the agent says: a plan in JSON, again when it changes; what lines it has; how long outputs may be on; and how it ends. */
export const words = { held: 'held', none: 'none', limit: 'limit', bye: 'bye' } as const;

/** `atMs`: when it has to be off, by the monotonic clock of the system; undefined: it is off. */
export function limitLine(document: string, atMs: number | undefined): string {
  return `${words.limit} ${JSON.stringify([document, atMs ?? null])}\n`;
}

/** Undefined: no such line. */
export function parseLimit(line: string): readonly [document: string, atMs: number | undefined] | undefined {
  const said = line.startsWith(words.limit) ? parsed(line.slice(words.limit.length)) : [];
  const [document, atMs] = said;
  if (typeof document !== 'string') return undefined;
  return [document, typeof atMs === 'number' ? atMs : undefined];
}

/** The lines that are to be kept after a good end; undefined: that was not said. */
export function parseBye(line: string): ReadonlySet<string> | undefined {
  if (!line.startsWith(words.bye)) return undefined;
  return new Set(parsed(line.slice(words.bye.length)).filter((name) => typeof name === 'string'));
}

function parsed(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return []; // A goodbye that asks for nothing.
  }
}
