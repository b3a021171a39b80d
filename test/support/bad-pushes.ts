import type { Notify, Value } from '../../agent/qn/message.ts';
import { makeKey, type SigningKey } from '../../agent/trust/key-file.ts';
import { claimsOf, signClaims, signNotify } from '../../agent/trust/signer.ts';
import type { Claims } from '../../agent/trust/token.ts';
import { plainOf } from './config-home.ts';

/** What a board runs that is pushed at: `A` is on from the start, `B` goes on by command. Another program holds `held`. */
export const relay = 'relay: { driver: gpio-out, line: A, safe: { boot: on } }';
export const lamp = 'lamp: { driver: gpio-out, line: B }';

export const alice = makeKey('alice');
export const mallory = makeKey('alice');
const gate = makeKey('gate');
const clerk = makeKey('clerk');
const old = makeKey('old');

export const keyRow = ({ kid, x }: SigningKey, roles: string, more = '') =>
  `    - { kid: ${kid}, key: ${x}, roles: [${roles}]${more} }`;

/** Sections of the config of the board. */
export const trusting = `config: { verify: 1s }
health: { interval: 2s }
trust:
  keys:
${keyRow(alice, 'config, trust')}
${keyRow(gate, 'actuate')}
${keyRow(clerk, 'config')}
${keyRow(old, 'config', ', expires: 2026-01-01')}`;

/** The board, and brokers it must not end at. */
export interface Ground {
  /** What runs, as it was written. */
  readonly config: object;
  /** Nobody listens there. */
  readonly deadUrl: string;
  /** Wants another password than the one in this file. */
  readonly lockedUrl: string;
  readonly passwordFile: string;
  /** Has a certificate of an authority the board does not know. */
  readonly strangeUrl: string;
  /** Lets nobody publish. */
  readonly muteUrl: string;
}

export interface BadPush {
  readonly title: string;
  readonly reason: string;
  /** As the event of the refusal names it; absent: none of QN-7.5a. */
  readonly attack?: string;
  /** In the detail of the ack. */
  readonly says: RegExp;
  /** How far it comes: the board has taken it up and then touches nothing, or is touched and taken back. Absent: neither. */
  readonly comesTo?: 'accepted' | 'applied';
  /** The line B is let go of meanwhile. */
  readonly movesLamp?: true;
  make(ground: Ground): Promise<Notify>;
}

let count = 0;

/** What a good push would be: everything below is this with one thing wrong. */
export function goodPush({ config }: Pick<Ground, 'config'>, more: object = {}): Notify {
  count += 1;
  const val = plainOf(JSON.stringify({ ...config, health: { interval: '30s' }, ...more }));
  return { t: 'notify', id: BigInt(count), src: 'operator', ver: 1, vc: { alice: 1 }, val };
}

const startMs = Date.now();
const whole = { target: 'pi-1', document: 'config', issuedMs: startMs, lifeMs: 3_600_000 };

export const signPush = (message: Notify, key = alice, more: Partial<typeof whole> = {}) =>
  signNotify(message, key, { ...whole, ...more });

async function claimed(message: Notify, claims: Partial<Claims>): Promise<Notify> {
  return { ...message, tok: await signClaims({ ...claimsOf(message, whole), ...claims }, alice) };
}

async function withHeader(message: Notify, header: object): Promise<Notify> {
  const { tok = '' } = await signPush(message);
  return {
    ...message,
    tok: [Buffer.from(JSON.stringify(header)).toString('base64url'), ...tok.split('.').slice(1)].join('.'),
  };
}

const withDocuments = (ground: Ground, ...documents: readonly string[]) =>
  signPush(goodPush(ground, { documents: plainOf(documents.join('\n')) }));
const withBroker = (ground: Ground, url: string, more: object = {}) =>
  signPush(goodPush(ground, { mqtt: { brokers: [{ url }], ...more } }));
const sections = (text: string) => Object(plainOf(text)) as object;
const other = (message: Notify, more: Partial<Notify>): Notify => ({ ...message, ...more });
const ofClerk = { vc: { clerk: 1 } };

function refused(
  title: string,
  reason: string,
  attack: string,
  says: RegExp,
  make: (push: Notify) => Promise<Notify>,
): BadPush {
  return { title, reason, attack, says, make: (ground) => make(goodPush(ground)) };
}

const changed = (title: string, says: RegExp, more: Partial<Notify>): BadPush => ({
  ...{ title, reason: 'bad-signature', attack: 'mix-and-match', says },
  make: async (ground) => other(await signPush(goodPush(ground)), more),
});

export const badPushes: readonly BadPush[] = [
  refused('without a token', 'unauthenticated', 'no-token', /takes only what is signed/, async (push) => push),
  {
    title: 'with an endless token',
    ...{ reason: 'too-large', attack: 'endless-data', says: /token of 5000 bytes/ },
    make: async (ground) => other(goodPush(ground), { tok: 'x'.repeat(5_000) }),
  },
  {
    title: 'with a token that is none',
    ...{ reason: 'bad-signature', attack: 'malformed-token', says: /not a compact JWS/ },
    make: async (ground) => other(goodPush(ground), { tok: 'a.b.c' }),
  },
  {
    title: 'with alg none',
    ...{ reason: 'bad-signature', attack: 'alg-confusion', says: /alg "none"/ },
    make: (ground) => withHeader(goodPush(ground), { alg: 'none', kid: 'alice' }),
  },
  {
    title: 'with a key of its own in the header',
    ...{ reason: 'bad-signature', attack: 'alg-confusion', says: /"jwk" is not taken/ },
    make: (ground) => withHeader(goodPush(ground), { alg: 'EdDSA', kid: 'alice', jwk: { kty: 'OKP', x: mallory.x } }),
  },
  refused('signed by a stranger', 'unauthenticated', 'wrong-key', /does not trust the key "stranger"/, (push) =>
    signPush(push, makeKey('stranger')),
  ),
  refused('signed by a key that has ended', 'unauthenticated', 'expired-key', /not trusted since 2026-01-01/, (push) =>
    signPush(push, old),
  ),
  refused('signed by another key under the same name', 'bad-signature', 'forged', /not one of alice/, (push) =>
    signPush(push, mallory),
  ),
  refused(
    'signed by a key for commands',
    'not-permitted',
    'wrong-role',
    /trusted for actuate, not for config/,
    (push) => signPush(push, gate),
  ),
  refused('for another node', 'unauthenticated', 'wrong-node', /for "pi-2"/, (push) =>
    signPush(push, alice, { target: 'pi-2' }),
  ),
  refused('for another document', 'bad-signature', 'wrong-document', /firmware\.mcu0/, (push) =>
    signPush(push, alice, { document: 'firmware.mcu0' }),
  ),
  {
    title: 'whose value was changed',
    ...{ reason: 'bad-signature', attack: 'mix-and-match', says: /the value is not/ },
    make: async (ground) => other(await signPush(goodPush(ground)), { val: Object(ground.config) as Value }),
  },
  changed('whose version was changed', /ver is not/, { ver: 2 }),
  changed('that was whole and is sent as a patch', /base is not/, { base: 0 }),
  changed('whose vector was changed', /vc is not/, { vc: { alice: 9 } }),
  refused('that has expired', 'unauthenticated', 'freeze', /it expired at/, (push) =>
    signPush(push, alice, { issuedMs: startMs - 7_200_000 }),
  ),
  {
    title: 'that counts for years',
    ...{ reason: 'unauthenticated', attack: 'freeze', says: /it counts for/ },
    make: (ground) => claimed(goodPush(ground), { exp: Math.floor(startMs / 1_000) + 801 * 86_400 }),
  },
  refused('that is older than what runs', 'stale-version', 'rollback', /version 0 is not newer/, (push) =>
    signPush(other(push, { ver: 0, vc: { bob: 1 } })),
  ),
  refused('that uses up the versions', 'version-gap', 'fast-forward', /counts on by/, (push) =>
    signPush(other(push, { ver: 2 ** 53 - 1 })),
  ),
  {
    title: 'that is a patch of another version',
    ...{ reason: 'version-gap', says: /patch of version 7/ },
    make: (ground) => signPush(other(goodPush(ground), { base: 7, ver: 8, vc: { alice: 8 }, val: { groups: ['x'] } })),
  },
  {
    title: 'that opens the board to everybody',
    ...{ reason: 'not-permitted', attack: 'wrong-role', says: /only in a file on the board/ },
    make: (ground) => signPush(goodPush(ground, { config: { trust: 'none' } })),
  },
  {
    title: 'after which nobody could change it',
    ...{ reason: 'not-permitted', attack: 'wrong-role', says: /nobody could change/ },
    make: (ground) => signPush(goodPush(ground, { trust: { keys: [] } })),
  },
  {
    title: 'that changes keys without the role for it',
    ...{ reason: 'not-permitted', attack: 'wrong-role', says: /may not change whom/ },
    make: (ground) => {
      const keys = sections(trusting.replace(', expires: 2026-01-01', ''));
      return signPush(other(goodPush(ground, keys), ofClerk), clerk);
    },
  },
  {
    title: 'with faults of the schema',
    ...{ reason: 'malformed', says: /\/groups.*\n?.*\/documents\/relay/s },
    make: (ground) => signPush(goodPush(ground, { groups: 3, documents: { relay: { driver: 'gpio-outt' } } })),
  },
  {
    title: 'with two documents on one pin',
    ...{ reason: 'malformed', says: /line A is taken by relay/ },
    make: (ground) => withDocuments(ground, relay, lamp.replace('line: B', 'line: A')),
  },
  {
    title: 'that renames the node',
    ...{ reason: 'incompatible', says: /node cannot change while/, comesTo: 'accepted' },
    make: (ground) => signPush(goodPush(ground, { node: 'pi-2' })),
  },
  {
    title: 'that names a password file which is not there',
    ...{ reason: 'rolled-back', says: /no password.*no such file/, comesTo: 'applied' },
    make: (ground) => withBroker(ground, ground.lockedUrl, { username: 'board', password: 'file:/nowhere/password' }),
  },
  {
    title: 'with a pin that another program holds',
    ...{ reason: 'self-test-failed', says: /held by another program/, comesTo: 'applied' },
    make: (ground) => withDocuments(ground, relay, lamp, 'new: { driver: gpio-out, line: held }'),
  },
  {
    title: 'with a pin that is not there',
    ...{ reason: 'self-test-failed', says: /no line of this name/, comesTo: 'applied', movesLamp: true },
    make: (ground) => withDocuments(ground, relay, lamp.replace('line: B', 'line: Z')),
  },
  {
    title: 'to a broker that is not there',
    ...{ reason: 'rolled-back', says: /ECONNREFUSED/, comesTo: 'applied' },
    make: (ground) => withBroker(ground, ground.deadUrl),
  },
  {
    title: 'to a broker that wants another password',
    ...{ reason: 'rolled-back', says: /not authorized|bad user/, comesTo: 'applied' },
    make: (ground) =>
      withBroker(ground, ground.lockedUrl, { username: 'board', password: `file:${ground.passwordFile}` }),
  },
  {
    title: 'to a broker that lets it say nothing',
    ...{ reason: 'rolled-back', says: /its own health message did not come back/, comesTo: 'applied' },
    make: (ground) => withBroker(ground, ground.muteUrl),
  },
  {
    title: 'to a broker nobody vouches for',
    ...{ reason: 'rolled-back', says: /certificate|self.signed|TLS/i, comesTo: 'applied' },
    make: (ground) => withBroker(ground, ground.strangeUrl),
  },
];
