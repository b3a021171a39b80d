import { expect, test } from 'vitest';
import { failedBootsMax } from '../../../../agent/config/limits.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { KeptBoard } from '../../../support/kept-board.ts';

const configOf = (node: string, line: string): Value => ({
  ...{ node, mqtt: { brokers: [{ url: 'mqtt://h' }] } },
  documents: { relay: { driver: 'gpio-out', line } },
});

test('a board whose card was copied from another one never goes back to the name of that one', async () => {
  const board = new KeptBoard();
  await (await board.start(configOf('pi-1', 'A'))).push(configOf('pi-1', 'B'));
  const own = configOf('pi-2', 'C'); // The card is in another board now, and its file says so.
  const nodes = new Set<string | undefined>();
  // Whoever mounts it switches it off and on again.
  for (let boots = 0; boots < 3 * failedBootsMax; boots += 1) {
    const { booted } = await board.start(own, `k${boots}`);
    nodes.add(booted?.checked.config.node);
  }
  expect([...nodes]).toEqual(['pi-2']);
});
