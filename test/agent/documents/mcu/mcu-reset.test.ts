import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import type { ModemLines } from '../../../../drivers/contract/byte-port.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createMemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { mcubootImage } from '../../../support/mcuboot-image.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';

const mcu = 'firmware.mcu0';

async function started(options: Parameters<typeof startMcuAgent>[0]) {
  const rig = await startMcuAgent(options);
  await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && fieldOf(message.val, 'link') === 'up');
  return rig;
}

/** What happened at the wires, in order, with the time in ms since the first edge. */
function edgesOf(board: ReturnType<typeof createMemoryBoard>) {
  const all = ['RESET', 'BOOT'].flatMap((line) =>
    board
      .wire(line)
      .edges.map(({ level, atNs }) => ({ what: `${line} ${level}`, atMs: Number(atNs / 1_000n) / 1_000 })),
  );
  return all.toSorted((left, right) => left.atMs - right.atMs);
}

describe('a microcontroller is reset', () => {
  const keys = ', reset: { line: RESET, pulse: 40ms }, boot: { line: BOOT }';

  it('into its program by its reset line, seen at the wire', async () => {
    const gpio = createMemoryBoard({ lines: ['RESET', 'BOOT'] });
    await using rig = await started({ gpio, keys });
    expect([gpio.wire('RESET').level, gpio.wire('BOOT').level]).toEqual([1, 0]);
    const before = edgesOf(gpio).length;
    rig.notify(mcu, '{"reset": true}');
    await rig.hearAck(mcu, 'successful');
    const edges = edgesOf(gpio).slice(before);
    expect(edges.map(({ what }) => what)).toEqual(['RESET 0', 'RESET 1']);
    expect((edges[1]?.atMs ?? 0) - (edges[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(39);
  });

  it('into its bootloader: boot before reset, and until it has been read', async () => {
    const gpio = createMemoryBoard({ lines: ['RESET', 'BOOT'] });
    await using rig = await started({ gpio, keys });
    const before = edgesOf(gpio).length;
    rig.notify(mcu, '{"reset": "boot"}');
    await rig.hearAck(mcu, 'successful');
    const edges = edgesOf(gpio).slice(before);
    expect(edges.map(({ what }) => what)).toEqual(['BOOT 1', 'RESET 0', 'RESET 1', 'BOOT 0']);
    expect((edges[3]?.atMs ?? 0) - (edges[2]?.atMs ?? 0)).toBeGreaterThanOrEqual(49);
  });

  it('by the DTR line of its port, where it has no other', async () => {
    const asked: ModemLines[] = [];
    await using rig = await started({
      keys: ', reset: { over: dtr }',
      async setModem(lines) {
        asked.push(lines);
        return ok();
      },
    });
    rig.notify(mcu, '{"reset": true}');
    await rig.hearAck(mcu, 'successful');
    expect(asked).toEqual([{ dtr: false }, { dtr: true }]);
  });

  it('by a DTR line that the port has not: that is told', async () => {
    await using rig = await started({ keys: ', reset: { over: dtr }' });
    rig.notify(mcu, '{"reset": true}');
    const { message } = await rig.hearAck(mcu, 'failed');
    expect(message).toMatchObject({ why: 'unsupported', detail: expect.stringContaining('no modem lines') });
  });

  it('by itself when it stays away for so long, and that is told', async () => {
    const gpio = createMemoryBoard({ lines: ['RESET', 'BOOT'] });
    await using rig = await started({ gpio, keys: ', watchdog: 200ms, reset: { line: RESET, after: 1s }' });
    rig.board.mcu.hang();
    const before = edgesOf(gpio).length;
    await rig.hear(`event/${mcu}`, { reset: 'done', why: 'it was away for 1 s' });
    const edges = edgesOf(gpio).slice(before);
    expect(edges.map(({ what }) => what)).toEqual(['RESET 0', 'RESET 1']);
    rig.board.mcu.reset(); // What the pin would have done.
    await rig.hear(`event/${mcu}`, { link: 'up', firmware: '0.0.0' });
  });

  it('by itself also when it went away while its port was lent to an update that came to nothing', async () => {
    const gpio = createMemoryBoard({ lines: ['RESET', 'BOOT'] });
    // The tries of the update take a tenth of their time.
    const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 10, act) };
    const keys = ', watchdog: 1s, reset: { line: RESET, after: 1s }, update: { over: smp }';
    await using rig = await started({ gpio, clock, keys });
    const image = mcubootImage([1, 0, 0, 0], new Uint8Array(100));
    const sha256 = createHash('sha256').update(image).digest('hex');
    const data = { $b64: Buffer.from(image).toString('base64') };
    rig.notify(mcu, JSON.stringify({ piece: sha256, size: image.length, offset: 0, data }));
    await rig.hearAck(mcu, 'successful');
    rig.board.mcu.hang();
    rig.notify(mcu, JSON.stringify({ write: sha256, size: image.length }));
    await rig.hearAck(mcu, 'failed');
    await rig.hear(`event/${mcu}`, { reset: 'done', why: 'it was away for 1 s' });
  }, 15_000);
});
