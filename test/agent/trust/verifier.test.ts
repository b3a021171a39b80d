import { createHmac, createPrivateKey, sign as signBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ClockQuality, Notify } from '../../../agent/qn/message.ts';
import { tokenLifeMsMax } from '../../../agent/trust/limits.ts';
import { ReplayGuard } from '../../../agent/trust/replay-guard.ts';
import { claimsOf } from '../../../agent/trust/signer.ts';
import type { Purpose } from '../../../agent/trust/token.ts';
import { createTrustedTime } from '../../../agent/trust/trusted-time.ts';
import { createVerifier } from '../../../agent/trust/verifier.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeSigner, rawToken, signed } from '../../support/signing.ts';

const nowMs = Date.parse('2026-11-25T12:00:00Z');
const ops = makeSigner('ops', ['config', 'trust', 'actuate']);
const old = makeSigner('old', ['config'], { expiresMs: nowMs - 1 });
const soon = makeSigner('soon', ['config'], { expiresMs: nowMs + 60_000 });
const stranger = makeSigner('ops', ['config']); // The right name, another key.
const unknown = makeSigner('evil', ['config']);
const push: Notify = { t: 'notify', id: 7n, src: 'ops', val: { node: 'pi-1', a: [1, 2] }, ver: 5, vc: { ops: 5 } };
const toConfig: Purpose = { document: 'config', role: 'config' };
const toRelay: Purpose = { document: 'gpio.relay1', role: 'actuate' };

function rig(quality: ClockQuality = 'synced', wallMs = nowMs, replays = new ReplayGuard()) {
  const clock = createFakeClock(wallMs);
  const time = createTrustedTime({ clock, clockQuality: () => quality });
  const options = {
    keys: [ops.trusted, old.trusted, soon.trusted],
    names: ['pi-1', '@all', '@line-1'],
    memoryMs: () => clock.monotonicMs(),
    replays,
    orders: { known: new Map<string, string>() },
    used: { known: new Map<string, number>() },
  };
  return { clock, time, ...createVerifier(time, options) };
}

test.each(['pi-1', '@all', '@line-1'])('takes what a trusted key signed for %s', async (target) => {
  const { verify } = rig();
  const result = await verify(await signed(push, ops.key, { target, issuedMs: nowMs }), toConfig);
  expect(result).toMatchObject({
    ok: true,
    value: { kid: 'ops', author: 'ops', roles: ['config', 'trust', 'actuate'], claims: { ver: 5, vc: { ops: 5 } } },
  });
});

test('a bare text signed in one encoding is the same in another', async () => {
  const { verify } = rig();
  const bytes: Notify = { t: 'notify', val: { b: new Uint8Array([1, 2]), a: -0, '10': 1, '9': 2 } };
  const { tok } = await signed(bytes, ops.key, { issuedMs: nowMs });
  const again: Notify = { t: 'notify', val: { '9': 2, a: 0, '10': 1, b: new Uint8Array([1, 2]) }, tok: tok ?? '' };
  expect(await verify(again, toConfig)).toMatchObject({ ok: true });
});

function without(message: Notify, field: 'ver' | 'vc'): Notify {
  const { [field]: _left, ...rest } = message;
  return rest;
}

const evilHeader = { alg: 'EdDSA', kid: 'ops' };
const claims = claimsOf(push, { target: 'pi-1', document: 'config', issuedMs: nowMs, lifeMs: 300_000 });
const edSign = (text: string) => {
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', ...ops.key }, format: 'jwk' });
  return signBytes(null, Buffer.from(text), key).toString('base64url');
};
const hmac = (text: string) => createHmac('sha256', ops.key.x).update(text).digest('base64url');
const withToken = async (header: object, sign = edSign): Promise<Notify> => ({
  ...push,
  tok: rawToken(header, claims, sign),
});
const good = (more = {}) => signed(push, ops.key, { issuedMs: nowMs, ...more });

const { id: _, ...anonymous } = push;
const noId = () => signed(anonymous, ops.key, { document: 'gpio.relay1', issuedMs: nowMs });

/** What is sent, where, and how it must be refused. */
const attacks: readonly [string, () => Promise<Notify>, Purpose, string, string][] = [
  ['nothing signed', async () => push, toConfig, 'no-token', 'unauthenticated'],
  ['a token without end', async () => ({ ...push, tok: 'a'.repeat(4_097) }), toConfig, 'endless-data', 'too-large'],
  ['no token at all', async () => ({ ...push, tok: 'ey.no' }), toConfig, 'malformed-token', 'bad-signature'],
  ['alg none', () => withToken({ alg: 'none', kid: 'ops' }, () => 'AA'), toConfig, 'alg-confusion', 'bad-signature'],
  [
    'the public key as a secret',
    () => withToken({ alg: 'HS256', kid: 'ops' }, hmac),
    toConfig,
    'alg-confusion',
    'bad-signature',
  ],
  [
    'its own key in the header',
    () => withToken({ ...evilHeader, jwk: { x: 'A' } }),
    toConfig,
    'alg-confusion',
    'bad-signature',
  ],
  [
    'a header from elsewhere',
    () => withToken({ ...evilHeader, jku: 'http://x' }),
    toConfig,
    'alg-confusion',
    'bad-signature',
  ],
  [
    'critical extensions',
    () => withToken({ ...evilHeader, crit: ['b64'], b64: false }),
    toConfig,
    'alg-confusion',
    'bad-signature',
  ],
  ['a header without kid', () => withToken({ alg: 'EdDSA' }), toConfig, 'wrong-key', 'unauthenticated'],
  [
    'a key nobody trusts',
    () => signed(push, unknown.key, { issuedMs: nowMs }),
    toConfig,
    'wrong-key',
    'unauthenticated',
  ],
  [
    'a trusted name, another key',
    () => signed(push, stranger.key, { issuedMs: nowMs }),
    toConfig,
    'forged',
    'bad-signature',
  ],
  ['a key that expired', () => signed(push, old.key, { issuedMs: nowMs }), toConfig, 'expired-key', 'unauthenticated'],
  ['a key without the role', good, { document: 'config', role: 'firmware' }, 'wrong-role', 'not-permitted'],
  ['a token of another node', () => good({ target: 'pi-2' }), toConfig, 'wrong-node', 'unauthenticated'],
  ['a token of another group', () => good({ target: '@line-2' }), toConfig, 'wrong-node', 'unauthenticated'],
  [
    'a token of another document',
    () => good({ document: 'firmware.mcu0' }),
    toConfig,
    'wrong-document',
    'bad-signature',
  ],
  [
    'another value',
    async () => ({ ...(await good()), val: { node: 'pi-1', a: [2, 1] } }),
    toConfig,
    'mix-and-match',
    'bad-signature',
  ],
  ['another version', async () => ({ ...(await good()), ver: 6 }), toConfig, 'mix-and-match', 'bad-signature'],
  [
    'no version where one was signed',
    async () => without(await good(), 'ver'),
    toConfig,
    'mix-and-match',
    'bad-signature',
  ],
  [
    'no clock vector where one was signed',
    async () => without(await good(), 'vc'),
    toConfig,
    'mix-and-match',
    'bad-signature',
  ],
  [
    'another clock vector',
    async () => ({ ...(await good()), vc: { ops: 6 } }),
    toConfig,
    'mix-and-match',
    'bad-signature',
  ],
  [
    'a whole value as a patch',
    async () => ({ ...(await good()), base: 4 }),
    toConfig,
    'mix-and-match',
    'bad-signature',
  ],
  ['another id', async () => ({ ...(await good()), id: 8n }), toConfig, 'mix-and-match', 'bad-signature'],
  ['a token that is over', () => good({ issuedMs: nowMs - 300_001 }), toConfig, 'freeze', 'unauthenticated'],
  ['a token that lives too long', () => good({ lifeMs: 801 * 86_400_000 }), toConfig, 'freeze', 'unauthenticated'],
  ['a token of tomorrow', () => good({ issuedMs: nowMs + 86_400_000 }), toConfig, 'future', 'unauthenticated'],
  ['claims that are none', () => good({ claims: { sha256: 'x' } }), toConfig, 'malformed-token', 'bad-signature'],
  ['an end before the beginning', () => good({ claims: { exp: 1 } }), toConfig, 'malformed-token', 'bad-signature'],
  [
    'a command that waits for an hour',
    () => good({ document: 'gpio.relay1', lifeMs: 3_600_000 }),
    toRelay,
    'freeze',
    'unauthenticated',
  ],
  [
    'a command of before the start',
    () => good({ document: 'gpio.relay1', issuedMs: nowMs - 9_000 }),
    toRelay,
    'replay',
    'unauthenticated',
  ],
  ['a command without id', async () => ({ ...(await noId()), id: 7n }), toRelay, 'replay', 'bad-signature'],
];

test.each(attacks)('refuses %s', async (_, make, purpose, attack, reason) => {
  const { verify } = rig();
  const refused = await verify(await make(), purpose);
  expect(refused).toMatchObject({ ok: false, error: { attack, reason } });
  expect(refused.ok ? '' : refused.error.detail).toMatch(/^[a-z].*[^.]$/);
  expect(await verify(await good(), toConfig)).toMatchObject({ ok: true }); // It refuses this one, not everything.
});

test('every bit of a token counts', async () => {
  const { verify } = rig();
  const { tok = '' } = await good();
  const parts = tok.split('.').map((part) => Buffer.from(part, 'base64url'));
  for (const [index, part] of parts.entries()) {
    for (let bit = 0; bit < part.length * 8; bit += 7) {
      const flipped = parts.map((bytes) => Buffer.from(bytes));
      flipped[index]![bit >> 3]! ^= 1 << (bit & 7);
      const bad = flipped.map((bytes) => bytes.toString('base64url')).join('.');
      expect([index, bit, (await verify({ ...push, tok: bad }, toConfig)).ok]).toEqual([index, bit, false]);
    }
  }
});

test('a signed command acts once, and again only with a token of its own', async () => {
  const { verify, clock } = rig();
  const command: Notify = { t: 'notify', id: 9n, src: 'ops', val: true };
  const sign = (message: Notify) => signed(message, ops.key, { document: 'gpio.relay1', issuedMs: clock.wallMs() });
  const first = await sign(command);
  expect(await verify(first, toRelay)).toMatchObject({ ok: true });
  expect(await verify(first, toRelay)).toMatchObject({ ok: false, error: { attack: 'replay', reason: 'duplicate' } });
  expect(await verify({ ...first, src: 'other' }, toRelay)).toMatchObject({ ok: false, error: { attack: 'replay' } });
  expect(await verify(await sign({ ...command, id: 10n }), toRelay)).toMatchObject({ ok: true });
});

test('a command that could not be remembered is refused', async () => {
  const { verify } = rig('synced', nowMs, new ReplayGuard(1));
  const sign = (id: bigint) =>
    signed({ t: 'notify', id, src: 'ops', val: true }, ops.key, { document: 'gpio.relay1', issuedMs: nowMs });
  expect(await verify(await sign(1n), toRelay)).toMatchObject({ ok: true });
  expect(await verify(await sign(2n), toRelay)).toMatchObject({ ok: false, error: { reason: 'overloaded' } });
});

test('a key counts until its end, and a token for as long as may be', async () => {
  const { verify, clock } = rig();
  const bySoon = await signed(push, soon.key, { issuedMs: nowMs, lifeMs: tokenLifeMsMax });
  await clock.advance(59_999);
  expect(await verify(bySoon, toConfig)).toMatchObject({ ok: true });
  await clock.advance(1);
  expect(await verify(bySoon, toConfig)).toMatchObject({ ok: false, error: { attack: 'expired-key' } });
});

test('without time a token is judged by the floor, and one that is over stays over', async () => {
  const { verify, clock, time } = rig('boot', 0);
  expect(await verify(await good({ lifeMs: 3_600_000 }), toConfig)).toMatchObject({ ok: true });
  expect(time.nowMs()).toBe(nowMs); // The signer said how late it is.
  await clock.advance(3_600_001);
  expect(await verify(await good({ lifeMs: 3_600_000 }), toConfig)).toMatchObject({ error: { attack: 'freeze' } });
});
