import type { Notify } from '../../agent/qn/message.ts';
import { makeKey, type SigningKey } from '../../agent/trust/key-file.ts';
import { claimsOf, signClaims } from '../../agent/trust/signer.ts';
import type { Claims, Role, TrustedKey } from '../../agent/trust/token.ts';

/** A made-up signer, and what a board has to be told to trust him. */
export interface Signer {
  readonly key: SigningKey;
  readonly trusted: TrustedKey;
  /** As in the config file. */
  readonly yaml: string;
}

export function makeSigner(kid: string, roles: readonly Role[], more: Partial<TrustedKey> = {}): Signer {
  const key = makeKey(kid);
  const trusted = { kid, key: key.x, roles, author: kid, ...more };
  return { key, trusted, yaml: `{ kid: ${kid}, key: "${key.x}", roles: [${roles.join(', ')}] }` };
}

export interface Signing {
  readonly target?: string;
  readonly document?: string;
  readonly issuedMs: number;
  readonly lifeMs?: number;
  /** Claims that lie. */
  readonly claims?: Partial<Claims>;
}

/** The message, signed the honest way but for `claims`. */
export async function signed(message: Notify, key: SigningKey, signing: Signing): Promise<Notify> {
  const { target = 'pi-1', document = 'config', issuedMs, lifeMs = 300_000, claims = {} } = signing;
  const honest = claimsOf(message, { target, document, issuedMs, lifeMs });
  return { ...message, tok: await signClaims({ ...honest, ...claims }, key) };
}

/** A JWS with any header and payload, signed by `sign` over what is to be signed. */
export function rawToken(header: object, payload: object, sign: (input: string) => string): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign(text)}`;
}
