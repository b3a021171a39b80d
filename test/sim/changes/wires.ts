import type { Level } from '../../../drivers/contract/digital.ts';
import { ok } from '../../../drivers/contract/result.ts';
import type { SimulatedBoard } from '../../../drivers/simulated/board.ts';
import { createMemoryBoard, type MemoryBoard } from '../../../drivers/simulated/memory-board.ts';

/** A change of a driven line. */
export interface WireEdge {
  readonly line: string;
  readonly level: Level;
  readonly atMs: number;
}

/** A board whose every edge is looked at when it happens. */
export class Wires {
  readonly edges: WireEdge[] = [];
  /** Lines that were let go of, in order. */
  readonly releases: string[] = [];
  readonly memory: MemoryBoard;
  readonly board: SimulatedBoard;

  constructor(lines: readonly string[], nowMs: () => number, moved: (edge: WireEdge) => void) {
    this.memory = createMemoryBoard({ lines, nowNs: () => BigInt(Math.round(nowMs() * 1e6)) });
    const drive = (line: string, act: () => void) => {
      const before = this.memory.wire(line).level;
      act();
      const { level } = this.memory.wire(line);
      if (level === before) return;
      const edge = { line, level, atMs: nowMs() };
      this.edges.push(edge);
      moved(edge);
    };
    this.board = {
      claim: (line, consumer) => {
        const claimed = this.memory.claim(line, consumer);
        if (!claimed.ok) return claimed;
        const held = claimed.value;
        return ok({
          ...held,
          release: () => {
            this.releases.push(line);
            held.release();
          },
          drive(level) {
            let driven = ok();
            drive(line, () => {
              driven = held.drive(level) as typeof driven;
            });
            return driven;
          },
        });
      },
    };
  }

  level(line: string): Level {
    return this.memory.wire(line).level;
  }

  holder(line: string): string | undefined {
    return this.memory.wire(line).holder;
  }
}
