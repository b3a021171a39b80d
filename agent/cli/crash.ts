import { redactText } from '../observe/redact.ts';

/** Causes of causes; what is further down says no more. */
const causesMax = 4;

/**
 * What is printed of an error nobody expected: its name, message and stack, and those of its causes. Not its other
 * properties, as Node would: libraries hang options on their errors, and passwords are among them.
 */
export function crashText(error: unknown): string {
  const parts: string[] = [];
  for (let cause = error; cause !== undefined && parts.length < causesMax; ) {
    if (!(cause instanceof Error)) {
      parts.push(typeof cause === 'string' ? cause : `thrown: ${typeof cause}`);
      break;
    }
    parts.push(cause.stack ?? `${cause.name}: ${cause.message}`);
    cause = cause.cause;
  }
  return redactText(parts.join('\ncaused by: '));
}

/** For everything that is thrown where nobody catches it. */
export function prepareForCrash(exit: (text: string) => never): void {
  process.on('uncaughtException', (error) => exit(crashText(error)));
}
