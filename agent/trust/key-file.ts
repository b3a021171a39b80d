import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { readText } from '../config/read-text.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import { crypto } from '../late-modules.ts';
import { kidBytesMax } from './limits.ts';

/** A private key of qnctl: a JWK (RFC 8037) with its name. Keep it out of whatever is printed or logged. */
export interface SigningKey {
  readonly kid: string;
  readonly x: string;
  readonly d: string;
}

const keyFileBytesMax = 4_096;

export function isKeyName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text) && Buffer.byteLength(text) <= kidBytesMax;
}

export function makeKey(kid: string): SigningKey {
  const { x = '', d = '' } = crypto().generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kid, x, d };
}

export function formatKey({ kid, x, d }: SigningKey): string {
  return `${JSON.stringify({ kty: 'OKP', crv: 'Ed25519', kid, x, d }, null, 2)}\n`;
}

/** Refuses a file that others may read: whoever has the key commands every board that trusts it. */
export async function readKeyFile(path: string): Promise<Result<SigningKey, string>> {
  const read = await readText(path, keyFileBytesMax);
  if (!read.ok) return fail(`${path}: ${read.error.message}`);
  const { text, mode } = read.value;
  if ((mode & 0o077) !== 0) return fail(`${path} is open to other users of this machine; run: chmod 600 ${path}`);
  const key = parseKey(text);
  return key === undefined ? fail(`${path} is no key; make one with: qnctl keys new NAME`) : ok(key);
}

function parseKey(text: string): SigningKey | undefined {
  const parsed = tryParseJson(text);
  if (!isPlainMap(parsed)) return undefined;
  const { kty, crv, kid, x, d } = parsed;
  const isKey = kty === 'OKP' && crv === 'Ed25519' && typeof kid === 'string' && isKeyName(kid);
  return isKey && isHalf(x) && isHalf(d) ? { kid, x, d } : undefined;
}

function isHalf(half: unknown): half is string {
  return typeof half === 'string' && /^[\w-]{43}$/.test(half);
}
