import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot, getHeapStatistics } from 'node:v8';
import type { Clock } from '../clock.ts';
import { heapSnapshotFreeFactor, heapSnapshotMsMax, heapSnapshotPauseMs } from '../health/limits.ts';
import { type HttpAnswer, refusalAnswer } from './http-answer.ts';
import { type HttpRequest, safeHeaders } from './http-server.ts';

/**
 * A heap snapshot. It has everything in it, passwords too, and stops the agent for seconds: only for who proved who he
 * is, one at a time, with a pause in between, and never when memory is short.
 */
export function createHeapDumper(clock: Clock): (request: HttpRequest) => Promise<HttpAnswer | undefined> {
  let allowedMs = 0;
  return async ({ isProved, response }) => {
    if (!isProved) {
      const detail = 'a heap snapshot holds secrets: ask over the Unix socket, or set http.token';
      return refusalAnswer({ reason: 'not-permitted', detail });
    }
    const free = await availableBytes(); // From here on in one turn: of two that ask at once, one is refused.
    const nowMs = clock.monotonicMs();
    if (nowMs < allowedMs) {
      const detail = `one heap snapshot at a time, and ${heapSnapshotPauseMs / 1_000} s between two; it stops the agent for a while`;
      return refusalAnswer({ reason: 'busy', detail }, 429);
    }
    const needed = getHeapStatistics().used_heap_size * heapSnapshotFreeFactor;
    if (free < needed) {
      return refusalAnswer({ reason: 'overloaded', detail: `${free} bytes are free, ${needed} are needed` }, 503);
    }
    const snapshot = getHeapSnapshot();
    allowedMs = Number.POSITIVE_INFINITY;
    using _deadline = clock.after(heapSnapshotMsMax, () => response.destroy());
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-disposition': `attachment; filename="qn-agent-${clock.wallMs()}.heapsnapshot"`,
      ...safeHeaders,
    });
    await pipeline(snapshot, response).catch(() => response.destroy()); // The reader is gone, or too slow.
    allowedMs = clock.monotonicMs() + heapSnapshotPauseMs;
    return undefined;
  };
}

/** What could be had without swapping, as the kernel sees it. */
async function availableBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const [, kib = '0'] = /^MemAvailable:\s+(\d+) kB$/m.exec(text) ?? [];
  return Number(kib) * 1_024;
}
