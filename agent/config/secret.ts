import path from 'node:path';
import type { DriverError, Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { secretBytesMax } from '../limits.ts';
import type { Secret } from './config.ts';
import type { Env } from './env.ts';
import { readTextNow } from './read-text.ts';

/**
 * Read at the moment it is needed, so that a changed one is found at the next connection. Without the line end that an
 * editor puts behind it. Keep it out of logs; errors name the file, never what is in it. // QN-7.4
 */
export function readSecret(secret: Secret, env: Env): Result<string> {
  switch (secret.from) {
    case 'file':
      return readSecretFile(secret.path);
    case 'env':
      return readVariable(secret.name, env);
    case 'credential':
      return readCredential(secret.name, env);
  }
}

/** Refuses what everybody on this machine may read: it is no secret any more. */
function readSecretFile(file: string): Result<string> {
  const read = readTextNow(file, secretBytesMax);
  if (!read.ok) {
    const { kind, message, fix } = read.error;
    const errorKind = { missing: 'absent', unreadable: 'denied', invalid: 'out-of-range' } as const;
    return fail(trouble(errorKind[kind], file, message, fix));
  }
  const isOpen = (read.value.mode & 0o007) !== 0;
  if (isOpen)
    return fail(trouble('denied', file, 'every user of this machine may read or change it', `run: chmod o= ${file}`));
  const text = read.value.text.replace(/\r?\n$/, '');
  return text === '' ? fail(trouble('out-of-range', file, 'the file is empty')) : ok(text);
}

function readVariable(name: string, env: Env): Result<string> {
  const text = env[name];
  return text === undefined || text === '' ? fail(trouble('absent', name, 'the variable is not set')) : ok(text);
}

function readCredential(name: string, env: Env): Result<string> {
  const folder = env['CREDENTIALS_DIRECTORY'];
  if (folder !== undefined && folder !== '') return readSecretFile(path.join(folder, name));
  const fix = `write LoadCredential=${name}:/path/of/it into the unit`;
  return fail(trouble('absent', `credential:${name}`, 'systemd gave this process no credentials', fix));
}

function trouble(kind: DriverError['kind'], resource: string, detail: string, fix?: string): DriverError {
  return { kind, operation: 'read secret', resource, detail, ...(fix !== undefined && { fix }) };
}
