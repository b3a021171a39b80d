import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { httpStreamBytesMax } from '../../../agent/limits.ts';
import { openEventStream } from '../../../agent/observe/event-stream.ts';
import type { LocalStream } from '../../../agent/observe/local-clients.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { listen } from '../../support/ports.ts';

it('a stream says when its reader is slow, holds not much more than its bound, and says when it drained', async () => {
  const told = createArrivals<string>();
  const opened = createArrivals<{ readonly stream: LocalStream; heldBytes(): number }>();
  const server = createServer((_, response) => {
    const stream = openEventStream(response, {
      textOf: () => `"${'x'.repeat(8_000)}"`,
      onDrained: () => told.push('drained'),
      onGone: () => told.push('gone'),
    });
    opened.push({ stream, heldBytes: () => response.writableLength });
  });
  const port = await listen(server);
  const reader = connect(port, '127.0.0.1').pause();
  reader.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const { stream, heldBytes } = await opened.next();
  const message = { t: 'event', val: 1 } as const;
  for (let turn = 0; stream.send('event', 'meter', message); turn += 1) {
    expect(turn).toBeLessThan(10_000);
    if (turn % 50 === 0) await new Promise((resolve) => setImmediate(resolve)); // The kernel takes some megabytes first.
  }
  expect(heldBytes()).toBeGreaterThanOrEqual(httpStreamBytesMax);
  expect(heldBytes()).toBeLessThan(httpStreamBytesMax + 10_000);
  expect(told.all).toEqual([]);
  reader.resume();
  expect(await told.next()).toBe('drained');
  expect(stream.send('event', 'meter', message)).toBe(true);
  reader.destroy();
  expect(await told.next()).toBe('gone');
  expect(stream.send('event', 'meter', message)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
