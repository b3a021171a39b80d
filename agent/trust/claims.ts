import { isPlainMap } from '../config/plain-map.ts';
import { isUnsigned } from '../qn/fields.ts';
import { clockVectorAuthorsMax, kidBytesMax } from './limits.ts';
import type { Claims } from './token.ts';

/** The payload of a token, or what is wrong with it. Claims this version does not know are ignored, as fields are. */
export function readClaims(bytes: Uint8Array): Claims | string {
  const parsed = parseJson(bytes);
  if (!isPlainMap(parsed)) return 'the payload is no JSON object';
  const { aud, doc, sha256, iat, exp, ver, base, vc, jti } = parsed;
  if (typeof aud !== 'string' || aud === '') return 'aud must name a node or a group';
  if (typeof doc !== 'string' || doc === '') return 'doc must name a document';
  if (typeof sha256 !== 'string' || !/^[\w-]{43}$/.test(sha256)) return 'sha256 must be 32 bytes as base64url';
  if (!isUnsigned(iat) || !isUnsigned(exp)) return 'iat and exp must be whole seconds since 1970';
  if (exp < iat) return 'exp is before iat';
  if (ver !== undefined && !isUnsigned(ver)) return 'ver must be a whole number';
  if (base !== undefined && !isUnsigned(base)) return 'base must be a whole number';
  if (jti !== undefined && (typeof jti !== 'string' || !/^\d{1,20}$/.test(jti))) return 'jti must be an id in decimal';
  const vector = vc === undefined ? undefined : readVector(vc);
  if (typeof vector === 'string') return vector;
  return {
    aud,
    doc,
    sha256,
    iat,
    exp,
    ...(ver !== undefined && { ver }),
    ...(base !== undefined && { base }),
    ...(vector !== undefined && { vc: vector }),
    ...(jti !== undefined && { jti }),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined; // Told as what it is not: a JSON object.
  }
}

function readVector(raw: unknown): { readonly [author: string]: number } | string {
  if (!isPlainMap(raw)) return 'vc must be an object of whole numbers';
  const entries = Object.entries(raw);
  if (entries.length > clockVectorAuthorsMax) return `vc has more than ${clockVectorAuthorsMax} authors`;
  const vector: [string, number][] = [];
  for (const [author, count] of entries) {
    if (!isUnsigned(count) || author === '' || Buffer.byteLength(author) > kidBytesMax) {
      return 'vc must be an object of whole numbers';
    }
    vector.push([author, count]);
  }
  return Object.fromEntries(vector);
}
