import { hashOf } from '../config/canonical.ts';
import type { Config } from '../config/config.ts';
import type { TokenRefusal, Verified } from '../config/trust.ts';

type Trusting = Pick<Config, 'trust'>;

/**
 * Whether a pushed config may take over from the running one, as far as trust goes; undefined: it may. `signature` is what
 * its token proved, absent where the running config asks for none. The keys are changed by a config signed with an old key
 * that has the role `trust`, and never so that nobody could change them again. // QN-7.7
 */
export function successorFault(
  running: Trusting,
  next: Trusting,
  signature: Verified | undefined,
  nowMs: number,
): TokenRefusal | undefined {
  const { trust } = running;
  if (next.trust.config === 'none' && trust.config !== 'none') {
    return refuse('config.trust: none counts only in a file on the board itself; remove it from what is pushed');
  }
  if (hashOf(trust) === hashOf(next.trust)) return undefined;
  if (signature !== undefined && !signature.roles.includes('trust')) {
    return refuse(
      `the key ${signature.kid} may not change whom this board trusts; sign with one that has the role trust`,
    );
  }
  const lasting = next.trust.keys.some(
    ({ roles, expiresMs }) =>
      roles.includes('trust') && roles.includes('config') && (expiresMs === undefined || expiresMs > nowMs),
  );
  if (next.trust.config === 'none' || lasting) return undefined;
  return refuse(
    'nobody could change this board over the air again; leave one key with the roles config and trust that is not expired',
  );
}

function refuse(detail: string): TokenRefusal {
  return { reason: 'not-permitted', attack: 'wrong-role', detail };
}
