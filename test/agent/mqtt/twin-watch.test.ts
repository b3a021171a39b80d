import { describe, expect, it } from 'vitest';
import { twinHangUpAgeMsMax, twinHangUpsMax, twinTakeoversMax, twinWindowMs } from '../../../agent/limits.ts';
import { createTwinWatch } from '../../../agent/mqtt/twin-watch.ts';

describe('a twin, which has the same client id', () => {
  it('is seen in takeovers that follow each other, and on and on', () => {
    const watch = createTwinWatch();
    const seen = Array.from({ length: 4 }, (_, index) => watch.ended('taken-over', 100, index * 1_000));
    expect(seen).toEqual([false, true, true, true]);
    expect(twinTakeoversMax).toBe(2);
  });

  it('is not seen in two takeovers that are far apart', () => {
    const watch = createTwinWatch();
    watch.ended('taken-over', 100, 0);
    expect(watch.ended('taken-over', 100, twinWindowMs + 1)).toBe(false);
    expect(watch.ended('taken-over', 100, 2 * twinWindowMs + 1)).toBe(true);
  });

  it('is guessed from many young connections that were hung up without a word', () => {
    const watch = createTwinWatch();
    const seen = Array.from({ length: twinHangUpsMax }, (_, index) => watch.ended('hung-up', 100, index));
    expect(seen).toEqual([...Array(twinHangUpsMax - 1).fill(false), true]);
  });

  it('is not guessed from old connections, nor from broken ones', () => {
    const watch = createTwinWatch();
    for (let index = 0; index < 20; index += 1) {
      expect(watch.ended('hung-up', twinHangUpAgeMsMax + 1, index)).toBe(false);
      expect(watch.ended('other', 100, index)).toBe(false);
    }
  });
});
