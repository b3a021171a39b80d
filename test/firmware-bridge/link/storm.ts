import { createDeframer } from '../../../firmware-bridge/link/deframer.ts';
import { encodeFrame, type LinkFrame } from '../../../firmware-bridge/link/frame.ts';

export interface Storm {
  readonly lossChance: number;
  readonly doubleChance: number;
  readonly corruptChance: number;
  readonly cutChance: number;
}

export const calm: Storm = { lossChance: 0, doubleChance: 0, corruptChance: 0, cutChance: 0 };

/** One direction of a line: frames become bytes that are lost, doubled, damaged or cut, and never overtake each other. */
export interface Line {
  storm: Storm;
  put(frame: LinkFrame, nowMs: number): void;
  /** When the next bytes arrive. */
  readonly dueMs: number;
  /** Delivers what has arrived by then. */
  arrive(nowMs: number, take: (frame: LinkFrame) => void): void;
  /** The receiver lost its half-read frame. */
  forget(): void;
}

export function createLine(random: () => number): Line {
  const flying: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  let deframer = createDeframer();
  let lastMs = 0;
  const chance = (probability: number) => random() < probability;
  const damage = (wire: Uint8Array) => {
    const bytes = Uint8Array.from(wire);
    if (chance(line.storm.corruptChance)) bytes[Math.trunc(random() * bytes.length)] = Math.trunc(random() * 256);
    return chance(line.storm.cutChance) ? bytes.subarray(Math.trunc(random() * bytes.length)) : bytes;
  };
  const line: Line = {
    storm: calm,
    get dueMs() {
      return flying[0]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    put(frame, nowMs) {
      const copies = chance(line.storm.doubleChance) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        if (chance(line.storm.lossChance)) continue;
        lastMs = Math.max(lastMs, nowMs + 0.2 + random() * 3);
        flying.push({ atMs: lastMs, bytes: damage(encodeFrame(frame)) });
      }
    },
    arrive(nowMs, take) {
      while (flying[0] !== undefined && flying[0].atMs <= nowMs) {
        const bytes = flying.shift()?.bytes ?? new Uint8Array();
        deframer.push(bytes, take);
      }
    },
    forget() {
      deframer = createDeframer();
    },
  };
  return line;
}
