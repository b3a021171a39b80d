import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notify, Value } from '../../../../agent/qn/message.ts';
import { encodeMessage } from '../../../../agent/qn/registry.ts';
import { makeKey, type SigningKey } from '../../../../agent/trust/key-file.ts';
import { claimsOf, signClaims, signNotify } from '../../../../agent/trust/signer.ts';
import type { Claims } from '../../../../agent/trust/token.ts';
import { createMemoryBoard, type MemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import { deadBroker, lockedBroker, type PushableAgent, startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A, safe: { boot: on } }';
const lamp = 'lamp: { driver: gpio-out, line: B }';
const alice = makeKey('alice');
const gate = makeKey('gate');
const clerk = makeKey('clerk');
const old = makeKey('old');
const mallory = makeKey('alice');

const row = ({ kid, x }: SigningKey, roles: string, more = '') =>
  `  - { kid: ${kid}, key: ${x}, roles: [${roles}]${more} }`;
const keys = `trust:
  keys:
${row(alice, 'config, trust')}
${row(gate, 'actuate')}
${row(clerk, 'config')}
${row(old, 'config', ', expires: 2026-01-01')}`;

let board: MemoryBoard;
let agent: PushableAgent;
let id = 0;

beforeAll(async () => {
  board = createMemoryBoard({ lines: ['A', 'B', 'held'] });
  expect(board.claim('held', 'another program').ok).toBe(true);
  agent = await startPushableAgent({ documents: [relay, lamp], board, sections: `config: { verify: 1s }\n${keys}` });
});
afterAll(() => agent[Symbol.asyncDispose]());

const sections = (more = '') => `config: { verify: 1s }\n${keys}\n${more}`;

/** What a good push would be: everything below is this with one thing wrong. */
function good(val: Value = agent.value([relay, lamp], sections('health: { interval: 30s }'))): Notify {
  id += 1;
  return { t: 'notify', id: BigInt(id), src: 'operator', ver: 1, vc: { alice: 1 }, val };
}

const nowMs = Date.now();
const whole = { target: 'pi-1', document: 'config', issuedMs: nowMs, lifeMs: 3_600_000 };

const signed = (message: Notify, key = alice, more: Partial<typeof whole> = {}) =>
  signNotify(message, key, { ...whole, ...more });

async function claimed(message: Notify, claims: Partial<Claims>): Promise<Notify> {
  return { ...message, tok: await signClaims({ ...claimsOf(message, whole), ...claims }, alice) };
}

function withHeader(tok: string, header: object): string {
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...tok.split('.').slice(1)].join('.');
}

const withDocuments = (documents: readonly string[]) => good(agent.value(documents, sections()));
const withBroker = (url: string) =>
  good({ ...Object(agent.value([relay, lamp], sections())), mqtt: { brokers: [{ url }] } });

type Bad = readonly [title: string, reason: string, attack: string | undefined, make: () => Promise<Notify>];

const bads: readonly Bad[] = [
  ['without a token', 'unauthenticated', 'no-token', async () => good()],
  ['with an endless token', 'too-large', 'endless-data', async () => ({ ...good(), tok: 'x'.repeat(5_000) })],
  ['with a token that is none', 'bad-signature', 'malformed-token', async () => ({ ...good(), tok: 'a.b.c' })],
  [
    'with alg none',
    'bad-signature',
    'alg-confusion',
    async () => {
      const message = await signed(good());
      return { ...message, tok: withHeader(message.tok ?? '', { alg: 'none', kid: 'alice' }) };
    },
  ],
  [
    'with a key of its own in the header',
    'bad-signature',
    'alg-confusion',
    async () => {
      const message = await signed(good());
      return {
        ...message,
        tok: withHeader(message.tok ?? '', { alg: 'EdDSA', kid: 'alice', jwk: { kty: 'OKP', x: mallory.x } }),
      };
    },
  ],
  ['signed by a stranger', 'unauthenticated', 'wrong-key', () => signed(good(), makeKey('stranger'))],
  ['signed by a key that has ended', 'unauthenticated', 'expired-key', () => signed(good(), old)],
  ['signed by another key under the same name', 'bad-signature', 'forged', () => signed(good(), mallory)],
  ['signed by a key for commands', 'not-permitted', 'wrong-role', () => signed(good(), gate)],
  ['for another node', 'unauthenticated', 'wrong-node', () => signed(good(), alice, { target: 'pi-2' })],
  [
    'for another document',
    'bad-signature',
    'wrong-document',
    () => signed(good(), alice, { document: 'firmware.mcu0' }),
  ],
  [
    'whose value was changed',
    'bad-signature',
    'mix-and-match',
    async () => ({ ...(await signed(good())), val: agent.value([], sections()) }),
  ],
  ['whose version was changed', 'bad-signature', 'mix-and-match', async () => ({ ...(await signed(good())), ver: 2 })],
  [
    'that was whole and is sent as a patch',
    'bad-signature',
    'mix-and-match',
    async () => ({ ...(await signed(good())), base: 0 }),
  ],
  [
    'whose vector was changed',
    'bad-signature',
    'mix-and-match',
    async () => ({ ...(await signed(good())), vc: { alice: 9 } }),
  ],
  ['that has expired', 'unauthenticated', 'freeze', () => signed(good(), alice, { issuedMs: nowMs - 7_200_000 })],
  [
    'that counts for years',
    'unauthenticated',
    'freeze',
    () => claimed(good(), { exp: Math.floor(nowMs / 1_000) + 801 * 86_400 }),
  ],
  ['that is older than what runs', 'stale-version', 'rollback', () => signed({ ...good(), ver: 0, vc: { bob: 1 } })],
  ['that uses up the versions', 'version-gap', 'fast-forward', () => signed({ ...good(), ver: 2 ** 53 - 1 })],
  [
    'that is a patch of another version',
    'version-gap',
    undefined,
    () => signed({ ...good({ groups: ['x'] }), base: 7, ver: 8, vc: { alice: 8 } }),
  ],
  [
    'that opens the board to everybody',
    'not-permitted',
    'wrong-role',
    () => signed(good(agent.value([relay, lamp], `config: { trust: none }\n${keys}`))),
  ],
  [
    'after which nobody could change it',
    'not-permitted',
    'wrong-role',
    () => signed(good(agent.value([relay, lamp], 'config: { verify: 1s }'))),
  ],
  [
    'that changes keys without the role for it',
    'not-permitted',
    'wrong-role',
    () =>
      signed(
        {
          ...good(agent.value([relay, lamp], `config: { verify: 1s }\n${keys.replace(', expires: 2026-01-01', '')}`)),
          vc: { clerk: 1 },
        },
        clerk,
      ),
  ],
  [
    'with faults of the schema',
    'malformed',
    undefined,
    () => signed(good({ ...Object(agent.value([relay])), groups: 3 })),
  ],
  [
    'with two documents on one pin',
    'malformed',
    undefined,
    () => signed(withDocuments([relay, lamp.replace('line: B', 'line: A')])),
  ],
  [
    'that renames the node',
    'incompatible',
    undefined,
    () => signed(good({ ...Object(agent.value([relay, lamp], sections())), node: 'pi-2' })),
  ],
  [
    'with a pin that another program holds',
    'self-test-failed',
    undefined,
    () => signed(withDocuments([relay, lamp, 'new: { driver: gpio-out, line: held }'])),
  ],
  [
    'with a pin that is not there',
    'self-test-failed',
    undefined,
    () => signed(withDocuments([relay, lamp.replace('line: B', 'line: Z')])),
  ],
  ['to a broker that is not there', 'rolled-back', undefined, () => signed(withBroker(deadBroker))],
  ['to a broker that wants another password', 'rolled-back', undefined, () => signed(withBroker(lockedBroker))],
];

test.each(bads)('a push %s is refused or taken back, for the right reason', async (_, reason, attack, make) => {
  const edgeCount = board.wire('A').edges.length;
  const eventCount = agent.all.filter(({ verb }) => verb === 'event').length;
  const message = await make();
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) throw new Error(encoded.error.detail);
  agent.client.publish('qn/1/pi-1/notify/config', encoded.value.bytes);
  const { message: ack } = await agent.ending(Number(message.id));
  expect(ack).toMatchObject({ why: reason, val: { version: 0, hash: agent.agent.changeable.running.hash } });
  const isApplied = reason === 'self-test-failed' || reason === 'rolled-back';
  expect(ack).toMatchObject(
    isApplied ? { st: 'failed', val: { rollback: 'restored' } } : { st: expect.stringMatching(/rejected|failed/) },
  );
  expect(board.wire('A')).toMatchObject({ holder: 'qn-agent', level: 1 });
  expect(board.wire('A').edges).toHaveLength(edgeCount); // The relay that none of them is about never moved.
  expect(board.wire('B').holder).toBe('qn-agent');
  const events = agent.all.filter(({ verb }) => verb === 'event').slice(eventCount);
  for (const { message: event } of events) expect(event).toMatchObject({ val: { what: 'refused', attack, reason } });
});

test('10 MB are refused unread, and the good push is taken after all of them', async () => {
  agent.client.publish('qn/1/pi-1/notify/config', Buffer.alloc(10 * 1_024 * 1_024, 0x20));
  const refused = await agent.hear({
    verb: 'ack',
    document: 'config',
    test: ({ message }) => message.t === 'ack' && message.why === 'too-large',
  });
  expect(refused.message).toMatchObject({ st: 'rejected' });
  const message = await signed(good());
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) throw new Error(encoded.error.detail);
  agent.client.publish('qn/1/pi-1/notify/config', encoded.value.bytes);
  expect((await agent.ending(Number(message.id))).message).toMatchObject({ st: 'successful', val: { version: 1 } });
  const { received, successful, failed, refusedTotal } = agent.agent.sources.dispatch();
  expect(successful + failed + refusedTotal).toBe(received);
});
