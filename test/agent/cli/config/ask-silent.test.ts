import { expect, test } from 'vitest';
import { askSilent, isSilent } from '../../../../agent/cli/config/ask-silent.ts';
import { leftOutOf } from '../../../../agent/cli/config/config-session.ts';
import { Fleet } from '../../../../agent/cli/config/fleet.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { recordContext } from '../context.ts';

const config = { version: 3, vc: {}, hash: 'x', author: 'me', config: { groups: ['line-1'] }, history: [] };

/** A fleet that told its health alone, and a connection that is never written to for real. */
function openSilentFleet(statuses: { readonly [node: string]: string }) {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  const hear = (node: string, rest: string, message: object) =>
    fleet.hear(`qn/1/${node}/${rest}`, Buffer.from(JSON.stringify(message)));
  for (const [node, status] of Object.entries(statuses))
    hear(node, 'health/agent', { t: 'health', val: { status, boot: '1' } });
  const tell = (node: string) => hear(node, 'state/config', { t: 'snapshot', val: config });
  const asked: string[] = [];
  let isUp = true;
  const session = {
    timeoutMs: 5_000,
    async publish({ topic, payload, retain }: { topic: string; payload: Uint8Array; retain: boolean }) {
      expect([payload.length, retain]).toEqual([0, false]);
      asked.push(topic);
      return isUp ? ok() : fail({ kind: 'closed', detail: 'no broker' } as const);
    },
  };
  const done = { value: false };
  const context = { ...recordContext(), clock };
  const ask = () => askSilent(context, session, fleet).then(() => void (done.value = true));
  return { clock, fleet, tell, asked, ask, done, lose: () => void (isUp = false) };
}

test('who told its health alone is asked for its config, and waited for no longer than it takes', async () => {
  const { clock, fleet, tell, asked, ask, done } = openSilentFleet({ a: 'online', b: 'degraded', c: 'offline' });
  tell('b');
  void ask();
  await clock.advance(1_000);
  expect([asked, done.value]).toEqual([['qn/1/a/query/config'], false]);
  tell('a');
  await clock.advance(50);
  expect([done.value, [...fleet.nodes.values()].filter(isSilent).map(({ name }) => name)]).toEqual([true, ['c']]);
});

test('who does not answer is waited for until the timeout, all of a large fleet together', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `pi-${index}`);
  const { clock, fleet, asked, ask, done } = openSilentFleet(Object.fromEntries(names.map((name) => [name, 'online'])));
  void ask();
  await clock.advance(4_999);
  expect([asked.length, done.value]).toEqual([100, false]);
  await clock.advance(1);
  expect([done.value, leftOutOf(fleet, '@all')]).toMatchObject([true, { length: 100 }]);
});

test('nobody is waited for who is offline, or who cannot be asked', async () => {
  const away = openSilentFleet({ a: 'offline' });
  await away.ask();
  expect(away.asked).toEqual([]);
  const cut = openSilentFleet({ a: 'online' });
  cut.lose();
  await cut.ask();
  expect(cut.asked).toEqual(['qn/1/a/query/config']);
});

test.each([
  ['@all', ['a', 'c']],
  ['@line-1', ['a', 'c']], // They may be of it.
  ['a', ['a']],
  ['b', []],
])('of %s are left out: %j', (target, expected) => {
  const { fleet, tell } = openSilentFleet({ c: 'offline', b: 'online', a: 'online' });
  tell('b');
  fleet.hear('qn/1/@line-1/notify/config', Buffer.from('{"t":"notify","val":{}}'), true); // No node.
  expect(leftOutOf(fleet, target).map(({ node }) => node)).toEqual(expected);
});

test('each that is left out is told why, and the way out', () => {
  const { fleet } = openSilentFleet({ a: 'online', c: 'offline' });
  expect(leftOutOf(fleet, '@all').map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/did not tell its config when asked.*qnctl query a config/),
    expect.stringMatching(/is offline.*push again when it is back.*qnctl forget c if it is gone for good/),
  ]);
});
