import { readFile } from 'node:fs/promises';
import type { DriverError } from '../../drivers/contract/result.ts';
import { systemError } from '../../drivers/system-error.ts';
import type { Config } from './config.ts';
import type { Env } from './env.ts';
import { readSecret } from './secret.ts';

/** Passwords, keys and certificates of a config that cannot be read as things stand; never what is in them. */
export async function unreadable({ mqtt, http, documents }: Config, env: Env): Promise<readonly DriverError[]> {
  const { brokers, password } = mqtt;
  const fromSecrets = [password, http?.token, ...brokers.map(({ key }) => key)].flatMap((secret) => {
    const text = secret === undefined ? undefined : readSecret(secret, env);
    return text?.ok === false ? [text.error] : [];
  });
  const ofUpdates = Object.values(documents).map((document) =>
    'update' in document ? document.update?.ca : undefined,
  );
  const files = [...brokers.flatMap(({ ca, cert, crl }) => [ca, cert, crl]), ...ofUpdates];
  const fromFiles = files.map(async (file) => {
    try {
      if (file !== undefined) await readFile(file);
      return [];
    } catch (error) {
      return [
        systemError(error, { operation: 'read', resource: file ?? '', fixes: { denied: 'let the agent read it' } }),
      ];
    }
  });
  return [...fromSecrets, ...(await Promise.all(fromFiles)).flat()];
}
