import { expect, it } from 'vitest';
import { sendAttemptsMax, sendDoubtAttempts } from '../../../agent/limits.ts';
import { capacity, names, openOutbox } from '../../support/outbox-rig.ts';

it(`a message the broker hangs up on ${sendAttemptsMax} times is given up alone, and counted`, () => {
  const { outbox, pool, up, send, breakOff, acknowledge, texts } = openOutbox();
  const connect = () => {
    up();
    send('health', 'when-up');
  };
  for (const name of ['poison', 'good']) send(name);
  for (let attempt = 1; attempt <= sendAttemptsMax; attempt += 1) {
    connect();
    if (attempt > sendDoubtAttempts) {
      expect(texts()).toEqual(['health']);
      acknowledge();
    }
    expect(texts()[0]).toBe('poison');
    expect(outbox.stats().refused).toBe(0);
    breakOff();
  }
  connect();
  expect(texts()).toEqual(['good']);
  acknowledge();
  acknowledge();
  expect(outbox.stats()).toMatchObject({ refused: 1, depth: 0, inFlight: 0 });
  pool.close();
});

it('nothing is given up on a link on which nothing is acknowledged, however often it breaks, and the order stays', () => {
  const { outbox, up, send, breakOff, acknowledge, texts } = openOutbox();
  const sent = ['accepted', 'executing', 'successful'];
  for (const name of sent) send(name);
  for (let count = 0; count < 10 * sendAttemptsMax; count += 1) {
    up();
    send('health', 'when-up');
    breakOff();
  }
  up();
  expect(texts()).toEqual([]); // Until health is said.
  send('health', 'when-up');
  const seen: string[] = [];
  while (texts().length > 0) {
    seen.push(...texts());
    acknowledge();
  }
  expect(seen).toEqual(['health', ...sent]);
  expect(outbox.stats()).toMatchObject({ refused: 0, dropped: 0, depth: 0, sent: sent.length + 1 });
});

it('where there is no room for what proves the connection, the message goes without', () => {
  const { outbox, up, send, breakOff, texts } = openOutbox();
  for (const name of names(capacity)) send(name);
  for (let attempt = 1; attempt <= sendAttemptsMax; attempt += 1) {
    up();
    expect(send('health', 'when-up')).toBe(false);
    expect(texts()[0]).toBe('m0');
    breakOff();
  }
  expect(outbox.stats()).toMatchObject({ refused: 1, depth: capacity - 1 });
});
