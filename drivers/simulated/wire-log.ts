import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { Level } from '../contract/digital.ts';
import { wireLogBytesMax } from '../limits.ts';

export interface WireLog {
  append(level: Level): void;
}

/** One line per change: monotonic ns, level. Over `bytesMax` it begins anew and the old one becomes `<path>.1`. */
export function openWireLog(path: string, nowNs: () => bigint, bytesMax: number = wireLogBytesMax): WireLog {
  let sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    append(level) {
      const row = `${nowNs()} ${level}\n`;
      if (sizeBytes + row.length > bytesMax) {
        if (sizeBytes > 0) renameSync(path, `${path}.1`);
        sizeBytes = 0;
      }
      appendFileSync(path, row);
      sizeBytes += row.length;
    },
  };
}
