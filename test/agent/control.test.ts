import { afterEach, beforeEach, expect, test } from 'vitest';
import { isTerminal } from '../../agent/dispatch/lifecycle.ts';
import type { Notify } from '../../agent/qn/message.ts';
import { encodeMessage } from '../../agent/qn/registry.ts';
import type { Heard } from '../support/heard.ts';
import { type MemoryAgent, startMemoryAgent } from '../support/memory-agent.ts';
import { makeSigner, signed } from '../support/signing.ts';

const ops = makeSigner('ops-1', ['actuate']);
const evil = makeSigner('evil', ['actuate']);
let agent: MemoryAgent;

beforeEach(async () => {
  agent = await startMemoryAgent({
    documents: [
      'gpio.signed: { driver: gpio-out, line: A, control: ["token:actuate"] }',
      'gpio.panel: { driver: gpio-out, line: B, control: ["panel-*", "token:actuate", "binding:any"] }',
      'gpio.free: { driver: gpio-out, line: C }',
    ],
    sections: `trust: { keys: [${ops.yaml}] }\nbindings: [{ on: button, to: gpio.panel }]`,
  });
  await agent.hear({ verb: 'health' });
});
afterEach(async () => await agent[Symbol.asyncDispose]());

let lastId = 100n;
function command(more: Partial<Notify> = {}): Notify {
  lastId += 1n;
  return { t: 'notify', id: lastId, src: 'somebody', val: true, ...more };
}

function send(document: string, message: Notify): void {
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) throw new Error(encoded.error.detail);
  agent.say(`notify/${document}`, encoded.value.bytes);
}

/** How it ended. */
async function endOf(document: string, { id }: Notify) {
  const isEnd = ({ message }: Heard) => message.t === 'ack' && isTerminal(message.st) && message.st !== 'duplicate';
  const ended = await agent.hear({ verb: 'ack', document, ...(id !== undefined && { id }), test: isEnd });
  return ended.message;
}

const sign = (message: Notify, document: string, signer = ops) =>
  signed(message, signer.key, { document, issuedMs: Date.now(), lifeMs: 60_000 });

test('what must be signed moves only when it is, and once', async () => {
  const plain = command();
  send('gpio.signed', plain);
  expect(await endOf('gpio.signed', plain)).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
  const forged = await sign(command(), 'gpio.signed', evil);
  send('gpio.signed', forged);
  expect(await endOf('gpio.signed', forged)).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
  const elsewhere = await sign(command(), 'gpio.panel');
  send('gpio.signed', elsewhere);
  expect(await endOf('gpio.signed', elsewhere)).toMatchObject({ st: 'rejected', why: 'bad-signature' });
  expect(agent.board.wire('A').level).toBe(0);

  const good = await sign(command(), 'gpio.signed');
  send('gpio.signed', good);
  expect(await endOf('gpio.signed', good)).toMatchObject({ st: 'successful' });
  expect(agent.board.wire('A').level).toBe(1);
  send('gpio.signed', { ...good, src: 'another' }); // Another source would make another command of it.
  const replayed = await agent.hear({ verb: 'ack', status: 'rejected', id: lastId });
  expect(replayed.message).toMatchObject({ why: 'duplicate' });
});

test('a second delivery is told how the first one ended, as everywhere', async () => {
  const good = await sign(command({ val: 'toggle' }), 'gpio.signed');
  send('gpio.signed', good);
  send('gpio.signed', good);
  expect(await endOf('gpio.signed', good)).toMatchObject({ st: 'successful' });
  const second = await agent.hear({ verb: 'ack', status: 'duplicate', id: lastId });
  expect(second.message).toMatchObject({ why: 'duplicate' });
  expect(agent.board.wire('A').level).toBe(1);
});

test('the order of a document is kept while signatures are checked', async () => {
  const steps = [true, false, true, false, true, false];
  const messages = await Promise.all(steps.map((val) => sign(command({ val }), 'gpio.signed')));
  for (const message of messages) send('gpio.signed', message);
  for (const message of messages) expect(await endOf('gpio.signed', message)).toMatchObject({ st: 'successful' });
  const order = agent.all.flatMap(({ message }) =>
    message?.t === 'ack' && message.st === 'successful' ? [message.id] : [],
  );
  expect(order).toEqual(messages.map(({ id }) => id));
});

test('a source that is named needs no token, any other one does', async () => {
  const panel = command({ src: 'panel-2' });
  send('gpio.panel', panel);
  expect(await endOf('gpio.panel', panel)).toMatchObject({ st: 'successful' });
  const other = command({ src: 'other', val: false });
  send('gpio.panel', other);
  expect(await endOf('gpio.panel', other)).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
  expect(agent.board.wire('B').level).toBe(1);
});

test('a refused signed command is an event that names the attack, at most one a minute for each', async () => {
  const sendAll = async (messages: readonly Notify[]) => {
    for (const message of messages) {
      send('gpio.signed', message);
      expect(await endOf('gpio.signed', message)).toMatchObject({ st: 'rejected' });
    }
  };
  await sendAll([command(), command(), await sign(command(), 'gpio.signed', evil)]);
  const first = await agent.hear({ verb: 'event', document: 'agent' });
  expect(first.message.val).toMatchObject({
    ...{ what: 'refused', attack: 'no-token', reason: 'unauthenticated', document: 'gpio.signed', count: 1 },
    src: 'somebody',
  });
  const second = await agent.hear({ verb: 'event', document: 'agent' });
  expect(second.message.val).toMatchObject({ attack: 'wrong-key', kid: 'evil', document: 'gpio.signed' });
  expect(agent.all.filter(({ verb }) => verb === 'event')).toHaveLength(2);
});
