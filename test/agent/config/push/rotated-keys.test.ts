import { expect, test } from 'vitest';
import type { Notify } from '../../../../agent/qn/message.ts';
import { encodeMessage } from '../../../../agent/qn/registry.ts';
import { clockVectorAuthorsMax } from '../../../../agent/trust/limits.ts';
import { type PushableAgent, startPushableAgent } from '../../../support/pushable-agent.ts';
import { makeSigner, type Signer, signed } from '../../../support/signing.ts';

type Vector = { readonly [author: string]: number };

const owner = makeSigner('owner', ['config', 'trust']);
const trusting = (...signers: readonly Signer[]) => `trust: { keys: [${signers.map(({ yaml }) => yaml).join(', ')}] }`;
const taken = { st: 'successful' };

async function officeOf({ agent }: PushableAgent) {
  const office = await agent.office;
  if (office === undefined) throw new Error('this agent takes no configs');
  return office;
}

/** As qnctl does: the next version of what the board says, counted on for the signer. */
async function push(agent: PushableAgent, { key }: Signer, sections: string, more: Vector = {}) {
  const { version, vc } = (await officeOf(agent)).changes.running;
  const id = BigInt(agent.all.length + 1);
  const message: Notify = {
    ...{ t: 'notify', id, src: 'me', val: agent.value([], sections), ver: version + 1 },
    vc: { ...vc, ...more, [key.kid]: (vc[key.kid] ?? 0) + 1 },
  };
  const encoded = encodeMessage(await signed(message, key, { issuedMs: Date.now() }), 'json');
  if (!encoded.ok) throw new Error(encoded.error.detail);
  agent.push(JSON.parse(Buffer.from(encoded.value.bytes).toString()));
  return (await agent.ending(Number(id))).message;
}

function invented(count: number): Vector {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`nobody-${index}`, 1_000_000]));
}

test('a board whose key is changed again and again can be pushed to for ever', async () => {
  await using agent = await startPushableAgent({ documents: [], sections: trusting(owner) });
  const office = await officeOf(agent);
  let old = owner;
  for (let index = 0; index < clockVectorAuthorsMax + 4; index += 1) {
    const next = makeSigner(`key-${index}`, ['config', 'trust']);
    expect(await push(agent, old, trusting(next)), `${index}`).toMatchObject(taken);
    expect(Object.keys(office.changes.running.vc).length).toBeLessThan(clockVectorAuthorsMax);
    old = next;
  }
  expect(await office.change({ do: 'reload', isDryRun: false })).toMatchObject({ status: 'successful' });
  expect(office.changes.running.vc).toMatchObject({ local: 1 });
  expect(await push(agent, owner, trusting(old))).toMatchObject(taken);
  expect(await push(agent, old, trusting(old, owner))).toMatchObject(taken);
});

test('invented authors shut nobody out, and let nothing in that does not know the newest', async () => {
  const thief = makeSigner('thief', ['config']);
  const sections = trusting(owner, thief);
  await using agent = await startPushableAgent({ documents: [], sections });
  const office = await officeOf(agent);
  const attack = invented(clockVectorAuthorsMax - 1);
  expect(await push(agent, thief, `${sections}\nhealth: { interval: 5s }`, attack)).toMatchObject(taken);
  expect(await office.change({ do: 'reload', isDryRun: false })).toMatchObject({ status: 'successful' });
  expect(await push(agent, owner, sections)).toMatchObject(taken);
  expect(office.changes.running.vc).toEqual({ thief: 1, local: 1, owner: 1 });
  for (const author of ['local', 'owner']) {
    const blind = { ...invented(clockVectorAuthorsMax - 3), [author]: 0 };
    expect(await push(agent, thief, sections, blind)).toMatchObject({ st: 'rejected', why: 'stale-version' });
  }
});

test('a full vector that comes again is nothing to do', async () => {
  await using agent = await startPushableAgent({ documents: [] });
  const vc = { ...invented(clockVectorAuthorsMax), unsigned: 1 };
  for (const id of [1, 2]) {
    agent.push({ id: `${id}`, val: agent.value([]), ver: 1, vc });
    expect((await agent.ending(id)).message).toMatchObject({ ...taken, val: { version: 1 } });
  }
  agent.push({ id: '3', val: agent.value([]), ver: 2, vc: { unsigned: 2 } });
  expect((await agent.ending(3)).message).toMatchObject({ ...taken, val: { version: 2 } });
});
