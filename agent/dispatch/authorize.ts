import type { Result } from '../../drivers/contract/result.ts';
import type { Effect } from '../documents/kind.ts';
import type { Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { TokenVerifier, TrustedKey } from '../trust/token.ts';

/** Undefined: it needs nobody's word. */
export type Authorize = (
  message: Notify,
  document: string,
  effect: Effect,
) => Promise<Result<unknown, Refusal>> | undefined;

/** Once a key is trusted for firmware, no program is written without a token of such a key (QN-7.8g). */
export function createAuthorize(verifier: () => TokenVerifier, keys: () => readonly TrustedKey[]): Authorize {
  return (message, document, effect) => {
    if (effect.do !== 'firmware' || !effect.once) return undefined;
    const isSigned = keys().some(({ roles }) => roles.includes('firmware'));
    return isSigned ? verifier().verify(message, { document, role: 'firmware' }) : undefined;
  };
}
