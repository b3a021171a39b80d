import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Notify } from '../qn/message.ts';
import type { TokenRefusal, TokenVerifier } from '../trust/token.ts';

/** Who wrote a config, as far as somebody vouches for it. */
export interface Author {
  /** The name under which it counts in the vector clock. */
  readonly name: string;
  readonly roles: readonly string[];
  /** The key that signed; absent: nobody did. */
  readonly kid?: string;
}

/** What a message was addressed to, and when it came. */
export interface Addressed {
  /** This node, and the groups it is in, without `@`. */
  readonly node: string;
  readonly groups: readonly string[];
  /** As the topic has it: the node, or `@` and a group. */
  readonly target: string;
  readonly document: string;
  /** Wall clock now; undefined: this board does not know the time. */
  readonly nowMs: number | undefined;
}

/** The first check of a pushed config (QN-7.2). A refusal has its reason and the attack it stops (QN-7.5a). */
export type VerifyToken = (message: Notify, addressed: Addressed) => Promise<Result<Author, TokenRefusal>>;

/**
 * Who is believed: whoever signed with a key that is trusted for configs, or, where the board itself says so, everybody who
 * can publish. What was signed, `ver`, `vc` and `base` among it, is then as the message says it.
 */
export function trustByConfig(trust: 'none' | 'keys', verifier?: TokenVerifier): VerifyToken {
  if (trust === 'none') return believeAnybody;
  return verifier === undefined ? believeNobody : (message, { document }) => believeKey(verifier, message, document);
}

async function believeKey(
  verifier: TokenVerifier,
  message: Notify,
  document: string,
): Promise<Result<Author, TokenRefusal>> {
  const role = document.startsWith('firmware.') ? 'firmware' : 'config';
  const verified = await verifier.verify(message, { document, role });
  if (!verified.ok) return verified;
  const { kid, author, roles } = verified.value;
  return ok({ name: author, roles, kid });
}

/** `config.trust: none` in the file of the board: the broker decides who may publish. */
const believeAnybody: VerifyToken = async ({ src = 'anonymous' }) => ok({ name: src, roles: [] });

const believeNobody: VerifyToken = async () => {
  const detail =
    'this board knows no key that could have signed a config; change the file on the board, or set config.trust to none there';
  return fail({ reason: 'unauthenticated', attack: 'no-token', detail });
};
