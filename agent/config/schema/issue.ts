import type * as v from 'valibot';
import type { Problem } from '../fault.ts';

/** How a message of a schema carries its fix: on a second line. Split again by `toProblem`. */
export function message(text: string, fix?: string): string {
  return fix === undefined ? text : `${text}\n${fix}`;
}

/** `base` is the path at which the schema was applied. */
export function toProblem(issue: v.BaseIssue<unknown>, base: readonly string[] = []): Problem {
  const items = issue.path ?? [];
  const [text = '', fix] = issue.message.split('\n');
  const path = [...base, ...items.map(({ key }) => String(key))];
  const at = items.at(-1)?.origin === 'key' ? 'key' : 'value';
  return { path, at, message: text, ...(fix !== undefined && { fix }) };
}

/** For messages: `number 30`, `a list`. */
export function describeInput(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'string') return quote(input);
  if (typeof input === 'number') return `number ${input}`;
  return typeof input === 'boolean' ? `${input}` : 'a map';
}

/** One line, and never longer than a message should be. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
