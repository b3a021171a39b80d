import { expect, test } from 'vitest';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

test('a self-test that fits in no message of the board is told in brief, and not left out', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `gpio.relay${index}`);
  const documents = names.map((name, index) => `${name}: { driver: gpio-out, line: NONE${index} }`);
  await using agent = await startMemoryAgent({
    documents,
    board: createMemoryBoard({ lines: ['OTHER'] }),
    sections: 'pool: { profile: tiny }',
  });
  const { message } = await agent.hear({ verb: 'state', document: 'selftest' });
  expect(message.val).toMatchObject({ health_status: 'DEGRADED', is_brief: true, passed: expect.any(Number) });
});
