import { expect, it } from 'vitest';
import type { Value } from '../../../agent/qn/message.ts';
import type { Heard } from '../../support/heard.ts';
import { type MemoryAgent, startMemoryAgent } from '../../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const control = 'trust: { control: { selftest: [ops, "line-*"], log: ["token:actuate"] } }';

let lastId = 0;

async function endOf(rig: MemoryAgent, document: string, val: Value, src?: string) {
  lastId += 1;
  const id = String(lastId);
  rig.say(`notify/${document}`, JSON.stringify({ id, val, ...(src === undefined ? {} : { src }) }));
  const isEnd = ({ message: said }: Heard) => said.t === 'ack' && said.st !== 'accepted' && said.st !== 'executing';
  const { message } = await rig.hear({ verb: 'ack', document, id: BigInt(id), test: isEnd });
  return message;
}

it('the self-test is only for those the config names', async () => {
  await using rig = await startMemoryAgent({ documents, sections: control });
  const order = { mode: 'full', loopback: '17:27' };
  expect(await endOf(rig, 'selftest', order, 'eve')).toMatchObject({
    ...{ st: 'rejected', why: 'not-permitted' },
    detail: expect.stringContaining('those may: ops, line-*'),
  });
  expect(await endOf(rig, 'selftest', order)).toMatchObject({ st: 'rejected', why: 'not-permitted' });
  // This agent has no surroundings to test: it says so to whoever may ask.
  expect(await endOf(rig, 'selftest', order, 'line-7')).toMatchObject({ st: 'failed', why: 'unsupported' });
});

it('the log asks for a token where the config does', async () => {
  await using rig = await startMemoryAgent({ documents, sections: control });
  expect(await endOf(rig, 'log', 'debug', 'ops')).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
});

it('without a word in the config everybody may, as with any document', async () => {
  await using rig = await startMemoryAgent({ documents });
  expect(await endOf(rig, 'selftest', 'quick', 'eve')).toMatchObject({ st: 'failed', why: 'unsupported' });
});
