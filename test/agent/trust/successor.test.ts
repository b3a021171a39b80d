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
const running = trusting(first.trusted, plain.trusted);
const unsigned = { trust: { keys: [] }, overAir: { trust: 'none', verifyMs: 1 } } as const;

test.each([
  ['the same keys, signed by anybody trusted', running, running, plain],
  ['a new key instead of the old one, signed with the old one', running, trusting(second.trusted), first],
  ['keys for a board that has none yet, pushed unsigned', unsigned, trusting(first.trusted), undefined],
  ['no keys where the board itself asks for none', unsigned, unsigned, undefined],
])('takes %s', (_, from, to, signer) => {
  expect(successorFault(from, to, signer?.trusted, nowMs)).toBeUndefined();
});

test.each([
  ['trust none over the air', running, unsigned, first, /only in a file on the board/],
  ['other keys without the role', running, trusting(second.trusted), plain, /may not change whom/],
  ['no keys any more', running, trusting(), first, /nobody could change/],
  ['nobody who may change the keys', running, trusting(plain.trusted), first, /nobody could change/],
  ['only keys that are over', running, trusting({ ...second.trusted, expiresMs: nowMs }), first, /nobody could change/],
])('refuses %s', (_, from, to, signer, detail) => {
  const fault = successorFault(from, to, signer?.trusted, nowMs);
  expect(fault).toMatchObject({ reason: 'not-permitted', attack: 'wrong-role' });
  expect(fault?.detail).toMatch(detail);
});
