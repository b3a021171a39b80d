import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { heapSnapshotMsMax, heapSnapshotPauseMs } from '../../../agent/health/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createHeapDumper } from '../../../agent/observe/heap.ts';
import { createHttpServer } from '../../../agent/observe/http-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { listen } from '../../support/ports.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

test('a heap snapshot that nobody reads is held for a bounded time, and never beside another one', async () => {
  const clock = createFakeClock();
  const routes = [{ path: '/debug/heap', method: 'GET', answer: createHeapDumper(clock) }] as const;
  const access = { isTcp: false, names: new Set<string>() }; // As over the Unix socket.
  const server = createHttpServer({ clock, log: silentLog, routes, access });
  const port = await listen(server);
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (): Socket => {
    const socket = connect(port, '127.0.0.1');
    stack.defer(() => void socket.destroy());
    socket.write('GET /debug/heap HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return socket;
  };
  const answer = async () => String((await once(ask(), 'data'))[0]).slice(0, 12);
  const accepted = once(server, 'connection');
  const stalled = ask();
  stalled.pause();
  const [served]: Socket[] = await accepted;
  await expect.poll(() => served?.bytesWritten, { timeout: 20_000 }).toBeGreaterThan(100_000);
  await clock.advance(heapSnapshotPauseMs);
  expect(await answer()).toBe('HTTP/1.1 429');
  await clock.advance(heapSnapshotMsMax - heapSnapshotPauseMs);
  await expect.poll(() => served?.destroyed).toBe(true);
  await clock.advance(heapSnapshotPauseMs);
  expect(await answer()).toBe('HTTP/1.1 200');
}, 60_000);
