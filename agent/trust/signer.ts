import { CompactSign, importJWK } from 'jose';
import type { Notify } from '../qn/message.ts';
import type { SigningKey } from './key-file.ts';
import type { Claims } from './token.ts';
import { valueDigest } from './value-digest.ts';

/** What a token is for, besides the message itself. */
export interface SignOptions {
  /** Node, or group with its `@`. */
  readonly target: string;
  readonly document: string;
  readonly issuedMs: number;
  /** The token counts for so long. */
  readonly lifeMs: number;
}

/** The message with its token (QN-7.5). A part: it brings jose along. */
export async function signNotify(message: Notify, key: SigningKey, options: SignOptions): Promise<Notify> {
  return { ...message, tok: await signClaims(claimsOf(message, options), key) };
}

export async function signClaims(claims: Claims, { kid, x, d }: SigningKey): Promise<string> {
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x, d }, 'EdDSA');
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', kid, typ: 'qn+jws' }).sign(key);
}

export function claimsOf(message: Notify, { target, document, issuedMs, lifeMs }: SignOptions): Claims {
  const { ver, base, vc, id, val } = message;
  return {
    aud: target,
    doc: document,
    sha256: valueDigest(val),
    iat: Math.floor(issuedMs / 1_000),
    exp: Math.ceil((issuedMs + lifeMs) / 1_000),
    ...(ver !== undefined && { ver }),
    ...(base !== undefined && { base }),
    ...(vc !== undefined && { vc }),
    ...(id !== undefined && { jti: id.toString() }),
  };
}
