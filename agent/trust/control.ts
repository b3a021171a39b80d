import type { Notify } from '../qn/message.ts';

/** Who sends a command, as far as can be seen. */
export interface Sender {
  readonly message: Notify;
  /** It came on a foreign topic that a binding of the config leads here. */
  readonly isBound: boolean;
}

/** Who may command what every board has (QN-4.9). */
export interface OwnControl {
  readonly log?: readonly string[];
  readonly selftest?: readonly string[];
}

/** What one entry of `control` says: a source with `*` for any letters, or one of these two. */
export const tokenEntry = 'token:actuate';
export const bindingEntry = 'binding:any';

/** `check`: only a token can say. */
export function judgeControl(
  control: readonly string[] | undefined,
  { message, isBound }: Sender,
): 'granted' | 'check' | 'refused' {
  if (control === undefined) return 'granted';
  if (isBound) return control.includes(bindingEntry) ? 'granted' : 'refused';
  const isKnown = control.some((entry) => !entry.includes(':') && isSource(entry, message.src));
  if (isKnown) return 'granted';
  return control.includes(tokenEntry) ? 'check' : 'refused';
}

function isSource(pattern: string, source: string | undefined): boolean {
  if (source === undefined) return false;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return source === pattern;
  let at = head.length;
  if (!source.startsWith(head)) return false;
  for (const part of rest) {
    const found = source.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return source.length - tail.length >= at && source.endsWith(tail);
}
