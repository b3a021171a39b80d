import { expect, test } from 'vitest';
import { successorFault } from '../../../agent/trust/successor.ts';
import type { TrustedKey } from '../../../agent/trust/token.ts';
import { makeSigner } from '../../support/signing.ts';

const nowMs = Date.UTC(2026, 10, 25);
const first = makeSigner('first', ['config', 'trust']);
const second = makeSigner('second', ['config', 'trust']);
const plain = makeSigner('plain', ['config']);

const trusting = (...keys: readonly TrustedKey[]) =>
  ({ trust: { keys }, overAir: { trust: 'keys', verifyMs: 1 } }) as const;
const over: TrustedKey = { ...second.trusted, expiresMs: nowMs };
const running = trusting(first.trusted, plain.trusted);
const unsigned = { trust: { keys: [] }, overAir: { trust: 'none', verifyMs: 1 } } as const;

test.each([
  ['the same keys, signed by anybody trusted', running, running, plain],
  ['a new key instead of the old one, signed with the old one', running, trusting(second.trusted), first],
  ['keys for a board that has none yet, pushed unsigned', unsigned, trusting(first.trusted), undefined],
  ['no keys where the board itself asks for none', unsigned, unsigned, undefined],
  [
    'tokens asked for from here on, on a board that has keys',
    { ...running, overAir: unsigned.overAir },
    running,
    undefined,
  ],
  [
    'other keys where the board itself goes on asking for none',
    unsigned,
    { ...trusting(plain.trusted), overAir: unsigned.overAir },
    undefined,
  ],
  ['a key that is not over yet', running, trusting({ ...over, expiresMs: nowMs + 1 }), first],
  ['the same keys, though they are over since', trusting(over), trusting(over), plain],
])('takes %s', (_, from, to, signer) => {
  expect(successorFault(from, to, signer?.trusted, nowMs)).toBeUndefined();
});

test.each([
  ['trust none over the air', running, unsigned, first, /only in a file on the board/],
  ['other keys without the role', running, trusting(second.trusted), plain, /may not change whom/],
  ['no keys any more', running, trusting(), first, /nobody could change/],
  ['nobody who may change the keys', running, trusting(plain.trusted), first, /nobody could change/],
  ['only keys that are over', running, trusting(over), first, /nobody could change/],
  ['a token asked for where no key is trusted', unsigned, trusting(), undefined, /push trust.keys along, or keep/],
  [
    'one asked for with keys that may not change them',
    unsigned,
    trusting(plain.trusted),
    undefined,
    /push trust.keys along/,
  ],
  [
    'one asked for with keys that are over',
    { ...trusting(over), overAir: unsigned.overAir },
    trusting(over),
    undefined,
    /push trust.keys along/,
  ],
])('refuses %s', (_, from, to, signer, detail) => {
  const fault = successorFault(from, to, signer?.trusted, nowMs);
  expect(fault).toMatchObject({ reason: 'not-permitted', attack: 'wrong-role' });
  expect(fault?.detail).toMatch(detail);
});
