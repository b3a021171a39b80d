import { existsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { ClockQuality } from '../qn/message.ts';
import { synchronizedFile } from './clock-sync.ts';

/** Before this the wall clock cannot be right: the agent was not written yet. 2026-01-01 UTC. */
export const plausibleWallMsMin = 1_767_225_600_000;

const reuseMs = 30_000;

/** How far our own stamps can be trusted: `boot` while there is no time, `synced` when the system says so. */
export function createClockQuality(
  clock: Clock,
  isSynchronized = () => existsSync(synchronizedFile),
): () => ClockQuality {
  let quality: ClockQuality = 'boot';
  let askedMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.wallMs() < plausibleWallMsMin) return 'boot';
    const nowMs = clock.monotonicMs();
    if (quality !== 'boot' && nowMs - askedMs < reuseMs) return quality;
    askedMs = nowMs;
    quality = isSynchronized() ? 'synced' : 'estimated';
    return quality;
  };
}
