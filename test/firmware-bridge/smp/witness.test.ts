import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ok } from '../../../drivers/contract/result.ts';
import { updateBySmp } from '../../../firmware-bridge/smp/update.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { mcubootImage } from '../../support/mcuboot-image.ts';
import { createSmpDevice } from '../../support/smp-device.ts';

const isThere = spawnSync('python3', ['-c', 'import smp'], { stdio: 'ignore' }).status === 0;
const what = 'both ends of an update by SMP';

/** All that goes over the line during an update that succeeds, a packet each. */
async function recordUpdate(): Promise<readonly string[]> {
  const clock = createFakeClock();
  const program = (factor: number) => Uint8Array.from({ length: 6_000 }, (_, at) => (at * factor) & 0xff);
  const device = createSmpDevice(clock, mcubootImage([1, 0, 0, 0], program(3)), { framing: 'console', board: 'uno' });
  const lines: string[] = [];
  const record = (dir: string, bytes: Uint8Array) =>
    lines.push(JSON.stringify({ dir, hex: Buffer.from(bytes).toString('hex') }));
  const open = async () => {
    const opened = await device.open();
    if (!opened.ok) return opened;
    const port = opened.value;
    return ok({
      ...port,
      write(bytes: Uint8Array, timeoutMs: number) {
        record('request', bytes);
        return port.write(bytes, timeoutMs);
      },
      onData(listener: (chunk: Uint8Array) => void) {
        port.onData((chunk) => {
          record('answer', chunk);
          listener(chunk);
        });
      },
    });
  };
  const seen = { isOver: false };
  const running = updateBySmp({ clock, open }, mcubootImage([1, 1, 0, 0], program(5)), {
    framing: 'console',
    board: 'uno',
  });
  void running.finally(() => {
    seen.isOver = true;
  });
  while (!seen.isOver) await clock.advance(5);
  expect(await running).toMatchObject({ ok: true });
  return lines;
}

describe.skipIf(!isThere)(isThere ? what : `${what} (pip install smp)`, () => {
  it('are understood, and framed to the same bytes, by an implementation that is not ours', async () => {
    const input = await recordUpdate();
    const { stdout, stderr, status } = spawnSync('python3', ['test/support/smp-witness.py'], {
      input: `${input.join('\n')}\n`,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    const rows: readonly { kind?: string; same?: boolean; fault?: string }[] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(input.length);
    expect(rows.filter(({ same, fault }) => same !== true || fault !== undefined)).toEqual([]);
    expect(new Set(rows.map(({ kind }) => kind)).size).toBe(14); // Seven requests and their answers.
  });
});
