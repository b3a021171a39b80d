import { describe, expect, it } from 'vitest';
import type { McuConfig } from '../../../../agent/config/mcu-config.ts';
import { ControlLines } from '../../../../agent/documents/mcu/control-lines.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { valueOf } from '../../../support/value-of.ts';

async function open(keys: Partial<McuConfig>) {
  const board = createMemoryBoard({ lines: ['RESET', 'BOOT'] });
  const clock = createFakeClock();
  const lines = valueOf(await ControlLines.open(keys as McuConfig, { clock, gpio: ok(createSimulatedGpio(board)) }));
  return { lines, clock, wires: () => ['RESET', 'BOOT'].map((line) => board.wire(line).level).join('') };
}

const reset = { line: 'RESET', active: 'low', pulseMs: 50 } as const;
const boot = { line: 'BOOT', active: 'high' } as const;

describe('the reset and boot lines of a microcontroller', () => {
  it('are inactive while nothing is asked', async () => {
    const { wires } = await open({ reset, boot });
    expect(wires()).toBe('10');
  });

  it('a reset pulls the one and leaves the other', async () => {
    const { lines, clock, wires } = await open({ reset, boot });
    const done = lines.restart('program', 50);
    expect(wires()).toBe('00');
    await clock.advance(49);
    expect(wires()).toBe('00');
    await clock.advance(1);
    expect(await done).toEqual({ ok: true });
    expect(wires()).toBe('10');
  });

  it('into the bootloader: boot is active from before the reset until it has been read', async () => {
    const { lines, clock, wires } = await open({ reset, boot });
    const done = lines.restart('bootloader', 50);
    await clock.advance(0);
    expect(wires()).toBe('01');
    await clock.advance(50);
    expect(wires()).toBe('11');
    await clock.advance(50);
    expect(await done).toEqual({ ok: true });
    expect(wires()).toBe('10');
  });

  it('a modem line that resets goes off and on again', async () => {
    const { lines, clock } = await open({ reset: { over: 'dtr', pulseMs: 50 } });
    const asked: unknown[] = [];
    expect(await lines.restart('program', 50)).toMatchObject({ ok: false, error: { kind: 'closed' } });
    lines.bind({
      async setModem(modem) {
        asked.push(modem);
        return ok();
      },
    });
    const done = lines.restart('program', 50);
    await clock.advance(49);
    expect(asked).toEqual([{ dtr: false }]);
    await clock.advance(1);
    expect(await done).toEqual({ ok: true });
    expect(asked).toEqual([{ dtr: false }, { dtr: true }]);
  });

  it('say which of them is not wired', async () => {
    const { lines } = await open({ reset });
    expect(await lines.restart('bootloader', 50)).toMatchObject({ error: { detail: 'no boot line is configured' } });
    const none = await open({});
    expect(await none.lines.restart('program', 50)).toMatchObject({ error: { detail: 'no reset line is configured' } });
  });
});
