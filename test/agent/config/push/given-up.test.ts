import { expect, test } from 'vitest';
import { noBoots } from '../../../../agent/config/generations/boots.ts';
import { contentOf } from '../../../../agent/config/generations/generation.ts';
import type { ChangeRecord } from '../../../../agent/config/generations/record.ts';
import { failedChangesMax } from '../../../../agent/config/limits.ts';
import { givenUp } from '../../../../agent/config/push/given-up.ts';
import { createMemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import type { Heard } from '../../../support/heard.ts';
import { type PushableAgent, startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A, safe: { boot: on } }';
const lamp = 'lamp: { driver: gpio-out, line: B }';
const faulty = lamp.replace('line: B', 'line: Z');

/** Acks of pushes that came to their end, as `status reason`; the ids are the agent's own. */
function endsOf({ all }: PushableAgent): readonly string[] {
  return all.flatMap(({ verb, document, message }: Heard) => {
    const isEnd = verb === 'ack' && document === 'config' && message.t === 'ack';
    return isEnd && !['accepted', 'executing'].includes(message.st)
      ? [`${message.st} ${message.why ?? ''}`.trim()]
      : [];
  });
}

test('a retained config that was taken back is tried once more, then refused until somebody sends it anew', async () => {
  const board = createMemoryBoard({ lines: ['A', 'B'] });
  await using agent = await startPushableAgent({ documents: [relay], board });
  const ends: string[] = [];
  const next = async (end: string) => {
    ends.push(end);
    await expect.poll(() => endsOf(agent), { timeout: 10_000 }).toEqual(ends);
  };
  agent.push({ val: agent.value([relay, faulty]) }, true);
  await next('failed self-test-failed');
  for (let change = 1; change < failedChangesMax; change += 1) {
    agent.broker.drop('pi-1');
    await next('failed self-test-failed');
  }
  for (let connection = 0; connection < 2; connection += 1) {
    agent.broker.drop('pi-1');
    await next('rejected rolled-back');
  }
  const refusal = agent.all.findLast(({ verb }) => verb === 'ack')?.message;
  expect(refusal).toMatchObject({
    val: { version: 0 },
    detail: expect.stringContaining('this retained config was given up'),
  });
  agent.push({ val: agent.value([relay, faulty]) }); // Not retained: somebody means it.
  await next('failed self-test-failed');
  agent.push({ val: agent.value([relay, lamp]) }, true); // Another one in its place.
  await next('successful');
  expect(board.wire('A').edges).toHaveLength(1);
});

test('a retained config in the middle of which the agent ends each time is not taken again and again', async () => {
  await using first = await startPushableAgent({ documents: [relay] });
  const { broker, stateFolder, board } = first;
  const isExecuting = { verb: 'ack', document: 'config', status: 'executing' } as const;
  first.push({ val: first.value([relay, lamp]) }, true);
  await first.hear(isExecuting);
  await first.agent[Symbol.asyncDispose]();
  for (let life = 1; life < failedChangesMax; life += 1) {
    const later = await startPushableAgent({ documents: [relay], broker, stateFolder, board });
    await later.hear(isExecuting);
    await later[Symbol.asyncDispose]();
  }
  await using last = await startPushableAgent({ documents: [relay], broker, stateFolder, board });
  const { message } = await last.hear({ verb: 'ack', document: 'config', status: 'rejected' });
  expect(message).toMatchObject({
    why: 'rolled-back',
    detail: expect.stringContaining('the agent ended in the middle'),
  });
  expect(last.agent.changeable.running.config.documents).not.toHaveProperty('lamp');
});

test('a config counts as given up from its second change that went wrong since it was taken, or when it brought the agent down', () => {
  const value = { node: 'pi-1' };
  const content = contentOf(value);
  const change = { to: content, version: 1, author: 'a', origin: 'push', atMs: 0 };
  const restored: ChangeRecord = { ...change, status: 'failed', rollback: 'restored', detail: 'no such line' };
  const untouched: ChangeRecord = { ...change, status: 'failed', rollback: 'not-needed' };
  const good: ChangeRecord = { ...change, status: 'successful' };
  const other: ChangeRecord = { ...restored, to: contentOf({}) };
  const isGivenUp = (history: readonly ChangeRecord[], failed: readonly string[] = []) =>
    givenUp({ boots: { ...noBoots, failed }, history }, value) !== undefined;
  const row = [
    isGivenUp([]),
    isGivenUp([restored, other, other]),
    isGivenUp([untouched, untouched, untouched]),
    isGivenUp([restored, restored, good, restored]),
  ];
  expect(row).toEqual([false, false, false, false]);
  expect([isGivenUp([good, restored, other, restored]), isGivenUp([good], [content])]).toEqual([true, true]);
});
