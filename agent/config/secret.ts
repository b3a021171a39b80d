import type { DriverError, Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { secretBytesMax } from '../limits.ts';
import type { Secret } from './config.ts';
import type { Env } from './env.ts';
import { readText } from './read-text.ts';

export interface SecretText {
  /** Without the line end that an editor puts behind it. Keep it out of logs. */
  readonly text: string;
  /** To be logged; names the file, never what is in it. */
  readonly warning?: string;
}

/** Read when it is needed, so that a changed password is found at the next connection. // QN-7.4 */
export async function readSecret(secret: Secret, env: Env): Promise<Result<SecretText>> {
  return secret.from === 'file' ? await readFileSecret(secret.path) : readEnvSecret(secret.name, env);
}

async function readFileSecret(path: string): Promise<Result<SecretText>> {
  const read = await readText(path, secretBytesMax);
  if (!read.ok) {
    const { kind, message, fix } = read.error;
    const errorKind = { missing: 'absent', unreadable: 'denied', invalid: 'out-of-range' } as const;
    return fail(trouble(errorKind[kind], path, message, fix));
  }
  const { mode } = read.value;
  const text = read.value.text.replace(/\r?\n$/, '');
  if (text === '') return fail(trouble('out-of-range', path, 'the file is empty'));
  const isOpen = (mode & 0o007) !== 0;
  return ok({ text, ...(isOpen && { warning: `everybody may read ${path} (chmod o= ${path})` }) });
}

function readEnvSecret(name: string, env: Env): Result<SecretText> {
  const text = env[name];
  if (text === undefined || text === '') return fail(trouble('absent', name, 'the variable is not set'));
  return ok({ text });
}

function trouble(kind: DriverError['kind'], resource: string, detail: string, fix?: string): DriverError {
  return { kind, operation: 'read secret', resource, detail, ...(fix !== undefined && { fix }) };
}
