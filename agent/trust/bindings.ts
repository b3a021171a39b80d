import type { Notify } from '../qn/message.ts';
import type { Reason } from '../qn/reason.ts';
import type { Attack, Claims, Purpose } from './token.ts';
import { canonicalText, valueDigest } from './value-digest.ts';

export interface Here extends Purpose {
  /** Names this node answers to. */
  readonly names: readonly string[];
}

interface BindingFault {
  readonly attack: Attack;
  readonly reason: Reason;
  readonly detail: string;
}

/** Whether the token was made for this message, this document and this node: taken from another one it proves nothing. */
export function bindingFault(
  message: Notify,
  claims: Claims,
  { names, document, role }: Here,
): BindingFault | undefined {
  const { aud, doc, sha256, ver, base, vc, jti } = claims;
  if (!names.includes(aud)) {
    return fault('wrong-node', 'unauthenticated', `it is for ${quote(aud)}, and this node is ${names.join(', ')}`);
  }
  if (doc !== document) {
    return fault('wrong-document', 'bad-signature', `it is for the document ${quote(doc)}, not for ${document}`);
  }
  if (sha256 !== valueDigest(message.val)) return mixed('the value is not the one that was signed');
  if (message.ver !== ver) return mixed('ver is not the one that was signed');
  if (message.base !== base)
    return mixed('base is not the one that was signed: a patch and a whole value are not the same');
  if (!isSameVector(message.vc, vc)) return mixed('vc is not the one that was signed');
  if (jti !== undefined && jti !== message.id?.toString()) return mixed('the id is not the one that was signed');
  if (role === 'actuate' && jti === undefined) {
    return fault('replay', 'bad-signature', 'a signed command needs an id, and jti in its token must be the same');
  }
  return undefined;
}

function isSameVector(said: Notify['vc'], signed: Claims['vc']): boolean {
  return canonicalText(said ?? null) === canonicalText(signed ?? null);
}

function mixed(detail: string): BindingFault {
  return fault('mix-and-match', 'bad-signature', detail);
}

function fault(attack: Attack, reason: Reason, detail: string): BindingFault {
  return { attack, reason, detail };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}
