import type { Result } from '../../drivers/contract/result.ts';
import type { Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** What a key may sign. `trust` is for configs that change the trusted keys themselves. */
export const roles = ['config', 'trust', 'firmware', 'actuate'] as const;
export type Role = (typeof roles)[number];

export interface TrustedKey {
  /** Its name in the header of a token. */
  readonly kid: string;
  /** Ed25519, 32 bytes as base64url: `x` of the JWK. */
  readonly key: string;
  readonly roles: readonly Role[];
  /** Whose component of a clock vector this key may advance; default: the kid. */
  readonly author: string;
  /** Its signatures count no longer from here on; ms since 1970. */
  readonly expiresMs?: number;
}

/** What a refused token would have done if it had been believed. */
export type Attack =
  | 'no-token'
  | 'endless-data'
  | 'malformed-token'
  | 'alg-confusion'
  | 'wrong-key'
  | 'expired-key'
  | 'forged'
  | 'wrong-role'
  | 'wrong-node'
  | 'wrong-document'
  | 'mix-and-match'
  | 'freeze'
  | 'future'
  | 'replay'
  | 'rollback'
  | 'fast-forward';

export interface TokenRefusal extends Refusal {
  /** Absent when the check itself could not be made. */
  readonly attack?: Attack;
  /** As the token says it; not proved unless the signature was. */
  readonly kid?: string;
}

/** What a message wants to do. */
export interface Purpose {
  readonly document: string;
  /** What the key must be trusted for. */
  readonly role: Role;
}

/** What a token promises, after its signature and everything it is bound to were found right. */
export interface Verified {
  readonly kid: string;
  readonly author: string;
  readonly roles: readonly Role[];
  readonly claims: Claims;
}

/** The payload of a token (QN-7.5). */
export interface Claims {
  /** Node, or group with its `@`. */
  readonly aud: string;
  readonly doc: string;
  /** Of the value in canonical form, base64url. */
  readonly sha256: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
  readonly ver?: number;
  readonly base?: number;
  readonly vc?: { readonly [author: string]: number };
  /** Id of the message, decimal; must be there for the role `actuate`. */
  readonly jti?: string;
}

/**
 * The check of QN-7.5, the same for configs, firmware and commands. Nothing is remembered by it but the ids of commands
 * (role `actuate`), so that none acts twice, and the last order for each program (role `firmware`), so that none of before
 * comes back; whether a version is newer is for the owner of the document to say.
 */
export interface TokenVerifier {
  verify(message: Notify, purpose: Purpose): Promise<Result<Verified, TokenRefusal>>;
}
