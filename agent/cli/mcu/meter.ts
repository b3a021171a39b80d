import type { Clock } from '../../clock.ts';

const barCells = 10;

export interface Meter {
  /** `[######----] 3.6 of 5.7 kB, 63 %, 2.9 kB/s, 1 s left`; the rate is that since the first call. */
  describe(doneBytes: number, totalBytes: number): string;
}

export function openMeter({ monotonicMs }: Pick<Clock, 'monotonicMs'>): Meter {
  let first: { readonly atMs: number; readonly doneBytes: number } | undefined;
  return {
    describe(doneBytes, totalBytes) {
      const atMs = monotonicMs();
      first ??= { atMs, doneBytes };
      const seconds = (atMs - first.atMs) / 1_000;
      const rate = seconds > 0 ? (doneBytes - first.doneBytes) / seconds : 0;
      const percent = totalBytes === 0 ? 100 : Math.floor((100 * doneBytes) / totalBytes);
      const text = `${bar(percent)} ${kilobytes(doneBytes)} of ${kilobytes(totalBytes)} kB, ${percent} %`;
      if (rate <= 0) return text;
      return `${text}, ${kilobytes(rate)} kB/s, ${Math.ceil((totalBytes - doneBytes) / rate)} s left`;
    },
  };
}

function bar(percent: number): string {
  const filled = Math.floor(percent / (100 / barCells));
  return `[${'#'.repeat(filled)}${'-'.repeat(barCells - filled)}]`;
}

function kilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
