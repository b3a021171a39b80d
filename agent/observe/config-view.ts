import type { Config, Secret } from '../config/config.ts';

/** The config as it runs. Of a secret only where it is read from; it is not in the config to begin with (QN-7.4). */
export function configView(config: Config): string {
  return JSON.stringify(config, (_key, value: unknown) => (isSecret(value) ? referenceOf(value) : value));
}

function isSecret(value: unknown): value is Secret {
  if (typeof value !== 'object' || value === null || !('from' in value)) return false;
  return value.from === 'file' || value.from === 'env';
}

function referenceOf(secret: Secret): string {
  return secret.from === 'file' ? `file:${secret.path}` : `env:${secret.name}`;
}
