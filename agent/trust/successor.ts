import { hashOf } from '../config/canonical.ts';
import type { Config } from '../config/config.ts';
import type { Role, TokenRefusal } from './token.ts';

type Trusting = Pick<Config, 'trust' | 'overAir'>;

/** Who signed what is pushed; absent: nobody, and the running config asks for nobody. */
export interface SignedBy {
  readonly kid: string;
  readonly roles: readonly Role[];
}

/**
 * Whether a pushed config may take over from the running one, as far as trust goes; undefined: it may. The keys are changed
 * by a config signed with an old key that has the role `trust`, and never so that nobody could change them again. // QN-7.7
 */
export function successorFault(
  running: Trusting,
  next: Trusting,
  signedBy: SignedBy | undefined,
  nowMs: number,
): TokenRefusal | undefined {
  const isOpen = next.overAir.trust === 'none';
  if (isOpen && running.overAir.trust !== 'none') {
    return refuse('config.trust: none counts only in a file on the board itself; remove it from what is pushed');
  }
  const isSame = hashOf(running.trust) === hashOf(next.trust);
  if (!isSame && signedBy !== undefined && !signedBy.roles.includes('trust')) {
    return refuse(
      `the key ${signedBy.kid} may not change whom this board trusts; sign with one that has the role trust`,
    );
  }
  if (isSame && running.overAir.trust === next.overAir.trust) return undefined; // Keys that ended since are no fault of it.
  if (isOpen || next.trust.keys.some((key) => mayChangeKeys(key, nowMs))) return undefined;
  const fix =
    running.overAir.trust === 'none'
      ? 'push trust.keys along, or keep config.trust: none'
      : 'leave one key with the roles config and trust that is not expired';
  return refuse(`nobody could change this board over the air again; ${fix}`);
}

function mayChangeKeys({ roles, expiresMs }: Config['trust']['keys'][number], nowMs: number): boolean {
  return roles.includes('trust') && roles.includes('config') && (expiresMs === undefined || expiresMs > nowMs);
}

function refuse(detail: string): TokenRefusal {
  return { reason: 'not-permitted', attack: 'wrong-role', detail };
}
