import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { noSerialLoopback, serialLoopbackTest } from '../../../../agent/health/tests/serial.ts';
import { type BytePort, serialSettings8N1 } from '../../../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../../../drivers/contract/result.ts';
import { openBytePort } from '../../../../drivers/registry.ts';
import { createSimulatedSerialPair } from '../../../../drivers/serial-simulated.ts';
import { openPtyPair, ptyMissing } from '../../../support/pty.ts';
import { runTest } from '../../../support/run-test.ts';

const over = (open: (port: string) => Promise<Result<BytePort>>, port = '/dev/ttyX') =>
  runTest(serialLoopbackTest({ clock: systemClock, port, settings: serialSettings8N1, open }));

/** A port whose other side answers with what `answer` makes of each byte. */
function answering(answer: (byte: number) => number | undefined) {
  const { left, right } = createSimulatedSerialPair();
  right.onData((chunk) => {
    const bytes = [...chunk].map(answer).filter((byte) => byte !== undefined);
    void right.write(Uint8Array.from(bytes), 1_000);
  });
  return async () => ok(left);
}

describe('the loopback of a serial port', () => {
  it('passes where everything comes back', async () => {
    const row = await over(answering((byte) => byte));
    expect(row).toMatchObject({ status: 'pass', detail: expect.stringContaining('10 × 32 bytes') });
    expect(row.latency_us).toBeGreaterThan(0);
  });

  it.each([
    ['no wire', () => undefined, '0 of 32 bytes came back'],
    ['another parity or speed', (byte: number) => byte ^ 0x80, 'other bytes came back than were sent'],
  ] as const)('finds %s', async (_, answer, detail) => {
    expect(await over(answering(answer))).toMatchObject({
      status: 'fail',
      detail,
      fix: expect.stringContaining('TX and RX'),
    });
  });

  it('finds a port that cannot be opened', async () => {
    const error = { kind: 'absent', operation: 'open', resource: '/dev/ttyX', detail: 'no such port' } as const;
    expect(await over(async () => fail(error))).toMatchObject({
      status: 'fail',
      detail: 'open /dev/ttyX: no such port',
    });
  });

  it('is only done when it was asked for', async () => {
    expect(await runTest(noSerialLoopback)).toMatchObject({ status: 'skip' });
  });

  it.skipIf(ptyMissing !== undefined)(`works on a port of the kernel (${ptyMissing ?? 'pty'})`, async () => {
    await using pair = await openPtyPair();
    const other = await openBytePort(pair.right, serialSettings8N1);
    if (!other.ok) throw new Error(other.error.detail);
    await using echo = other.value;
    echo.onData((chunk) => void echo.write(Uint8Array.from(chunk), 1_000));
    expect(await over((port) => openBytePort(port, serialSettings8N1), pair.left)).toMatchObject({ status: 'pass' });
  });
});
