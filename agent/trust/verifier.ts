import { type CryptoKey, compactVerify, importJWK } from 'jose';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import type { Notify } from '../qn/message.ts';
import type { Reason } from '../qn/reason.ts';
import { bindingFault } from './bindings.ts';
import { readClaims } from './claims.ts';
import { keepOrder, type LatestOrders, newerOrderMs } from './latest-order.ts';
import { lifeFault, stamp } from './life.ts';
import { tokenBytesMax } from './limits.ts';
import type { ReplayGuard } from './replay-guard.ts';
import type { Attack, Purpose, TokenRefusal, TokenVerifier, TrustedKey, Verified } from './token.ts';
import type { TrustedTime } from './trusted-time.ts';
import { keepUsed, type UsedBefore, usedBeforeMs } from './used-before.ts';

export interface VerifierOptions {
  readonly keys: readonly TrustedKey[];
  /** Names this node answers to: its own, `@all`, and its groups with their `@`. */
  readonly names: readonly string[];
  /** For how long this agent has remembered which commands it had: when it began is known once the clock is right. */
  memoryMs(): number;
  readonly replays: ReplayGuard;
  readonly orders: LatestOrders;
  readonly used: UsedBefore;
}

type TokenFault = Pick<TokenRefusal, 'attack' | 'reason' | 'detail'>;

/** Header fields with a meaning here. Any other one would make the token say which key or rule is to be believed. */
const headerFields: readonly string[] = ['alg', 'kid', 'typ'];
const algorithm = 'EdDSA';

/** The check of QN-7.5, in its order. A part: it brings jose along. */
export function createVerifier(
  time: TrustedTime,
  { keys, names, memoryMs, replays, orders, used }: VerifierOptions,
): TokenVerifier {
  const keyOf = new Map(keys.map((key) => [key.kid, key]));
  const imported = new Map<string, Promise<CryptoKey | Uint8Array>>(); // One per trusted key at most.

  function importKey({ kid, key }: TrustedKey): Promise<CryptoKey | Uint8Array> {
    const known = imported.get(kid) ?? Promise.resolve(importJWK({ kty: 'OKP', crv: 'Ed25519', x: key }, algorithm));
    imported.set(kid, known);
    return known;
  }

  async function proved(token: string, key: TrustedKey): Promise<Uint8Array | undefined> {
    try {
      const { payload } = await compactVerify(token, await importKey(key), { algorithms: [algorithm] });
      return payload;
    } catch {
      return undefined; // Not signed by this key, or a key that is none: it proves nothing either way.
    }
  }

  async function verify(message: Notify, purpose: Purpose): Promise<Result<Verified, TokenRefusal>> {
    const { tok } = message;
    if (tok === undefined) {
      const detail = `${purpose.document} takes only what is signed; sign it with a key that has the role ${purpose.role}`;
      return refuse(fault('no-token', 'unauthenticated', detail));
    }
    if (tok.length > tokenBytesMax) {
      return refuse(
        fault('endless-data', 'too-large', `a token of ${tok.length} bytes; at most ${tokenBytesMax} are read`),
      );
    }
    const kid = readHeader(tok);
    if (typeof kid !== 'string') return refuse(kid);
    const key = keyOf.get(kid);
    if (key === undefined) return refuse(wrongKey(kid, keys), kid);
    const payload = await proved(tok, key);
    if (payload === undefined) {
      return refuse(
        fault('forged', 'bad-signature', `the signature is not one of ${kid}, or what it signs was changed`),
        kid,
      );
    }
    const claims = readClaims(payload);
    if (typeof claims === 'string') return refuse(fault('malformed-token', 'bad-signature', claims), kid);
    const found =
      keyFault(key, purpose, time.nowMs()) ??
      bindingFault(message, claims, { ...purpose, names }) ??
      lifeFault(claims, purpose, { time, startMs: time.nowMs() - memoryMs() });
    if (found !== undefined) return refuse(found, kid);
    const isCommand = purpose.role === 'actuate';
    if (isCommand) {
      const usedMs = usedBeforeMs(used, kid, time);
      if (claims.iat * 1_000 <= usedMs) return refuse(usedCommand(claims.iat * 1_000, usedMs), kid);
      const entered = replays.enter(`${kid} ${claims.jti}`, claims.exp * 1_000, time.nowMs());
      if (entered === 'again')
        return refuse(fault('replay', 'duplicate', 'this token was used already; sign each command anew'), kid);
      if (entered === 'full')
        return refuse(fault('replay', 'overloaded', 'too many signed commands at a time; wait for a minute'), kid);
    }
    const isOrder = purpose.role === 'firmware';
    const newerMs = isOrder ? newerOrderMs(orders, purpose.document, claims) : undefined;
    if (newerMs !== undefined) return refuse(oldOrder(claims.iat * 1_000, newerMs), kid);
    time.heard(claims.iat * 1_000);
    if (isCommand) keepUsed(used, kid, claims.iat * 1_000, time);
    if (isOrder) await keepOrder(orders, purpose.document, claims, time.nowMs());
    return ok({ kid, author: key.author, roles: key.roles, claims });
  }

  function refuse(found: TokenFault, kid?: string): Result<never, TokenRefusal> {
    return fail(kid === undefined ? found : { ...found, kid });
  }

  return { verify };
}

function fault(attack: Attack, reason: Reason, detail: string): TokenFault {
  return { attack, reason, detail };
}

/** The name of the key, when the header says nothing but what it may. */
function readHeader(token: string): string | TokenFault {
  const parts = token.split('.');
  const [head = ''] = parts;
  const isCompact = parts.length === 3 && parts.every((part) => /^[\w-]+$/.test(part));
  const header = isCompact ? tryParseJson(Buffer.from(head, 'base64url').toString('utf8')) : undefined;
  if (!isPlainMap(header)) {
    return fault('malformed-token', 'bad-signature', 'not a compact JWS: three parts of base64url with dots between');
  }
  const { alg, kid } = header;
  if (alg !== algorithm) {
    return fault(
      'alg-confusion',
      'bad-signature',
      `alg ${JSON.stringify(alg)?.slice(0, 40)} is not taken; only ${algorithm} is`,
    );
  }
  const strange = Object.keys(header).find((name) => !headerFields.includes(name));
  if (strange !== undefined) {
    const detail = `header field ${JSON.stringify(strange.slice(0, 40))} is not taken; a token does not choose its own key`;
    return fault('alg-confusion', 'bad-signature', detail);
  }
  if (typeof kid !== 'string') return fault('wrong-key', 'unauthenticated', 'the header names no key: kid is missing');
  return kid;
}

function usedCommand(signedMs: number, usedMs: number): TokenFault {
  const detail = `it was signed at ${stamp(signedMs)}, and one of ${stamp(usedMs)} was let through before this agent started; sign it anew`;
  return fault('replay', 'unauthenticated', detail);
}

function oldOrder(signedMs: number, newerMs: number): TokenFault {
  const detail = `it was signed at ${stamp(signedMs)}, and an order of ${stamp(newerMs)} was let through already; sign it anew`;
  return fault('rollback', 'stale-version', detail);
}

function wrongKey(kid: string, keys: readonly TrustedKey[]): TokenFault {
  const trusted =
    keys.length === 0 ? 'it trusts none: write trust.keys' : `it trusts ${keys.map((key) => key.kid).join(', ')}`;
  return fault(
    'wrong-key',
    'unauthenticated',
    `this board does not trust the key ${JSON.stringify(kid.slice(0, 64))}; ${trusted}`,
  );
}

function keyFault({ kid, roles, expiresMs }: TrustedKey, { role }: Purpose, nowMs: number): TokenFault | undefined {
  if (expiresMs !== undefined && nowMs >= expiresMs) {
    const since = new Date(expiresMs).toISOString();
    return fault(
      'expired-key',
      'unauthenticated',
      `the key ${kid} is not trusted since ${since}; sign with a newer one`,
    );
  }
  if (roles.includes(role)) return undefined;
  return fault('wrong-role', 'not-permitted', `the key ${kid} is trusted for ${roles.join(', ')}, not for ${role}`);
}
