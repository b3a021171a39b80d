import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { versionGapMax } from '../limits.ts';
import type { Reason } from '../qn/reason.ts';
import { countOnMax } from './limits.ts';
import type { Attack, TokenRefusal } from './token.ts';

type Vector = { readonly [author: string]: number };

/** What is in force: the version of the document, and how far each author has got. */
export interface Standing {
  readonly ver: number;
  readonly vc: Vector;
  /** Of the value in force, as in a token. Absent: it came without one. */
  readonly sha256?: string;
}

/** What is to follow it, as signed, or as it was sent where nobody needs to sign. */
export interface Pushed {
  readonly author: string;
  readonly kid?: string;
  readonly ver?: number;
  readonly vc?: Vector;
  readonly base?: number;
  readonly sha256: string;
}

/**
 * Whether what is pushed may follow what is in force (QN-7.2). `same` is to be acknowledged and left alone.
 * Decides; remembers nothing.
 */
export function judgeFreshness(
  standing: Standing,
  { author, kid, ver, vc, base, sha256 }: Pushed,
): Result<'newer' | 'same', TokenRefusal> {
  const refuse = (attack: Attack, reason: Reason, detail: string) =>
    fail({
      attack,
      reason,
      detail: `${detail}; version ${standing.ver} ${JSON.stringify(standing.vc)} is in force`,
      ...(kid !== undefined && { kid }),
    });
  if (ver === undefined || vc === undefined) {
    return refuse('malformed-token', 'malformed', 'there is no ver or no vc, so nobody can say what is newer');
  }
  const { behind, ahead } = compare(standing.vc, vc);
  if (behind.length === 0 && ahead.length === 0 && ver === standing.ver) {
    if (standing.sha256 === undefined || standing.sha256 === sha256) return ok('same');
    return refuse('mix-and-match', 'stale-version', `version ${ver} was signed twice, for two values; count on`);
  }
  if (ver <= standing.ver) return refuse('rollback', 'stale-version', `version ${ver} is not newer`);
  if (behind.length > 0) {
    return refuse('rollback', 'stale-version', `whoever signed it did not know the newest of ${behind.join(', ')}`);
  }
  if (!ahead.includes(author)) {
    return refuse('rollback', 'stale-version', `${author}, who signed it, did not count on in vc`);
  }
  const stepMax = Math.max(ver - standing.ver, ...ahead.map((name) => countOf(vc, name) - countOf(standing.vc, name)));
  if (base !== undefined && stepMax > versionGapMax) {
    return refuse(
      'fast-forward',
      'version-gap',
      `${stepMax} versions ahead is too far for a patch; send the whole value`,
    );
  }
  if (stepMax > countOnMax)
    return refuse('fast-forward', 'version-gap', `counts on by ${stepMax}, at most ${countOnMax}`);
  return ok('newer');
}

function compare(
  own: Vector,
  theirs: Vector,
): { readonly behind: readonly string[]; readonly ahead: readonly string[] } {
  const authors = [...new Set([...Object.keys(own), ...Object.keys(theirs)])];
  return {
    behind: authors.filter((name) => countOf(theirs, name) < countOf(own, name)),
    ahead: authors.filter((name) => countOf(theirs, name) > countOf(own, name)),
  };
}

function countOf(vector: Vector, author: string): number {
  return Object.hasOwn(vector, author) ? (vector[author] ?? 0) : 0;
}
