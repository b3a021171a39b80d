import type { Clock } from '../../clock.ts';

export interface Meter {
  /** `3.1 of 5.7 kB, 54 %, 2.9 kB/s, 1 s left`; the rate is that since the first call. */
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
      const text = `${kilobytes(doneBytes)} of ${kilobytes(totalBytes)} kB, ${percent} %`;
      if (rate <= 0) return text;
      return `${text}, ${kilobytes(rate)} kB/s, ${Math.ceil((totalBytes - doneBytes) / rate)} s left`;
    },
  };
}

function kilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
