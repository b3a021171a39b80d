import { expect, test } from 'vitest';
import { nextTurn } from '../../agent/clock.ts';
import { atOnce, inTurns, type Steps } from '../../agent/steps.ts';

function* threePieces(done: string[]): Steps<string> {
  for (const piece of ['one', 'two', 'three']) {
    done.push(piece);
    if (piece !== 'three') yield;
  }
  return 'all';
}

test('in turns whoever waits gets a turn between two pieces', async () => {
  const done: string[] = [];
  const result = inTurns(threePieces(done));
  expect(done).toEqual(['one']);
  await nextTurn();
  expect(done).toEqual(['one', 'two']);
  await expect(result).resolves.toBe('all');
});

test('at once nobody does, and the result is the same', () => {
  const done: string[] = [];
  expect(atOnce(threePieces(done))).toBe('all');
  expect(done).toEqual(['one', 'two', 'three']);
});

test('an error in a piece is for whoever has it done', async () => {
  function* failing(): Steps<never> {
    yield;
    throw new Error('a bug');
  }
  await expect(inTurns(failing())).rejects.toThrow('a bug');
});
