import { idReserveMsMax, idReserveMsMin } from './id-limits.ts';
import { createIdSource, type IdSource, type IdSourceOptions } from './qn/snowflake.ts';
import type { Values } from './store/store.ts';

/** Stamps up to this one are used up. */
const reservedKey = 'ids.last-stamp-ms';

/**
 * Ids that are not repeated over restarts, whatever the clock says (QN-9). A life begins behind all that was reserved
 * before it, and reserves stamps with its first id, when half of them are used, and when the clock jumps beyond them. So
 * each stamp that is used lies in what the store has or is about to write; what it lost or refused is set again with the
 * next id. Little is reserved at first: an agent that dies again and again does not run far ahead of the time.
 *
 * A life that ends before its first commit leaves nothing behind: the clock keeps it and the next one apart, and nothing
 * does where that begins at the same millisecond again. Nor is anything promised while the store could not be read.
 */
export function createKeptIds(
  options: Omit<IdSourceOptions, 'lastStampMs'>,
  values: Pick<Values, 'get' | 'set'> | undefined,
): IdSource {
  if (values === undefined) return createIdSource(options);
  const kept = () => Number(values.get(reservedKey) ?? Number.NaN);
  const wallMs = options.clock.wallMs();
  const apartMs = wallMs > kept() ? 0 : wallMs % idReserveMsMin;
  const ids = createIdSource({ ...options, lastStampMs: kept() + apartMs });
  let aheadMs = 0;
  let reserved = { untilMs: 0, text: '' };

  function reserve(): void {
    aheadMs = aheadMs === 0 ? idReserveMsMin : idReserveMsMax;
    const untilMs = Math.max(ids.lastStampMs + aheadMs, kept() || 0); // A store that was read only now may have more.
    reserved = { untilMs, text: String(untilMs) };
    void values?.set(reservedKey, reserved.text);
  }

  return {
    next() {
      const id = ids.next();
      const isKept = values.get(reservedKey) === reserved.text;
      if (!isKept || reserved.untilMs - ids.lastStampMs < aheadMs / 2) reserve();
      return id;
    },
    get lastStampMs() {
      return ids.lastStampMs;
    },
    trustClock: () => ids.trustClock(),
  };
}
