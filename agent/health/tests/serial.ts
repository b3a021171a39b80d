import { randomBytes } from 'node:crypto';
import type { BytePort, SerialSettings } from '../../../drivers/contract/byte-port.ts';
import type { Result } from '../../../drivers/contract/result.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { ofError } from './gpio.ts';
import { failed, pass, skip, spread } from './outcome.ts';

export interface SerialLoopbackSubjects {
  readonly clock: Clock;
  readonly port: string;
  readonly settings: SerialSettings;
  open(port: string, settings: SerialSettings): Promise<Result<BytePort>>;
}

const roundsCount = 10;
const bytesCount = 32;
const answerMsMax = 1_000;

/** What goes out on TX comes in on RX, which somebody has joined; from the write to the last byte. */
export function serialLoopbackTest(subjects: SerialLoopbackSubjects): AtomicTest {
  return {
    id: 'serial.loopback',
    title: `${subjects.port} hears what it says`,
    deadlineMs: 10_000,
    async run(signal) {
      const opened = await subjects.open(subjects.port, subjects.settings);
      if (!opened.ok) return ofError(opened.error);
      await using port = opened.value;
      const latencies: number[] = [];
      for (let round = 0; round < roundsCount && !signal.aborted; round += 1) {
        const heard = await sendAndHear(subjects.clock, port);
        if (typeof heard !== 'number') return heard;
        latencies.push(heard);
      }
      const { p50, max } = spread(latencies);
      const bytes = `${roundsCount} × ${bytesCount} bytes`;
      return pass(`${bytes}, ${Math.round(p50)} µs in the middle, ${Math.round(max)} µs at worst`, max);
    },
  };
}

/** The time it took in µs, or what went wrong. */
async function sendAndHear(clock: Clock, port: BytePort): Promise<number | TestResult> {
  const sent = randomBytes(bytesCount);
  const heard: number[] = [];
  const complete = new Promise<void>((resolve) =>
    port.onData((chunk) => {
      heard.push(...chunk);
      if (heard.length >= bytesCount) resolve();
    }),
  );
  const startMs = clock.monotonicMs();
  const written = await port.write(sent, answerMsMax);
  if (!written.ok) return ofError(written.error);
  await Promise.race([complete, sleep(clock, answerMsMax)]);
  if (sent.equals(Buffer.from(heard))) return (clock.monotonicMs() - startMs) * 1_000;
  const fix = 'join TX and RX of this port by a wire, and check its settings';
  if (heard.length < bytesCount) return failed(`${heard.length} of ${bytesCount} bytes came back`, fix);
  return failed('other bytes came back than were sent', fix);
}

export const noSerialLoopback: AtomicTest = {
  id: 'serial.loopback',
  title: 'a serial port hears what it says',
  run: () => skip('not asked for', 'join TX and RX of a port, and say --serial-loopback DOCUMENT'),
};
