import { setTimeout as delay } from 'node:timers/promises';

/** Planted faults make waits that never end; there it is set lower. */
const timeoutMs = Number(process.env['TEST_UNTIL_MS'] ?? 5_000);

/** Waits until `holds`; for what other processes and the kernel do, where no event can be awaited. */
export async function until(holds: () => boolean, what: string, withinMs = timeoutMs): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await delay(2);
  }
}
