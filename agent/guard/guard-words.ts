import { tryParseJson } from '../config/try-parse-json.ts';

/** What the agent says: a plan in JSON, again when it changes; what lines it has; how long outputs may be on; and how it ends. */
export const words = { held: 'held', none: 'none', limit: 'limit', bye: 'bye' } as const;

/** `atMs`: when it has to be off, by the monotonic clock of the system; undefined: it is off. */
export function limitLine(document: string, atMs: number | undefined): string {
  return `${words.limit} ${JSON.stringify([document, atMs ?? null])}\n`;
}

/** Undefined: no such line. */
export function parseLimit(line: string): readonly [document: string, atMs: number | undefined] | undefined {
  const [document, atMs] = line.startsWith(words.limit) ? listIn(line.slice(words.limit.length)) : [];
  if (typeof document !== 'string') return undefined;
  return [document, typeof atMs === 'number' ? atMs : undefined];
}

/** The lines that are to be kept after a good end; undefined: that was not said. */
export function parseBye(line: string): ReadonlySet<string> | undefined {
  if (!line.startsWith(words.bye)) return undefined;
  return new Set(listIn(line.slice(words.bye.length)).filter((name) => typeof name === 'string'));
}

/** An empty one where there is none: a goodbye that asks for nothing. */
function listIn(text: string): readonly unknown[] {
  const list = tryParseJson(text);
  return Array.isArray(list) ? list : [];
}
