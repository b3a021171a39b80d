import { monotonicNs } from '../clock.ts';
import { type Edge, formatLine, type Level, type LineAddress } from '../contract/digital.ts';
import { fail, ok } from '../contract/result.ts';
import { simulatedLinesCountMax, wireEdgesCountMax } from '../limits.ts';
import { driverError } from '../system-error.ts';
import { levelOfBias, type SimulatedBoard, type SimulatedLine } from './board.ts';

export interface MemoryBoardOptions {
  /** The lines the board has; without it every name is a line. */
  readonly lines?: readonly LineAddress[];
  readonly nowNs?: () => bigint;
}

/** What a meter and a finger at the wire can do. */
export interface MemoryWire {
  readonly level: Level;
  /** Who holds the line. */
  readonly holder: string | undefined;
  /** Changes of the driven level, oldest first; the last 4 096. */
  readonly edges: readonly Edge[];
  /** Pulls the wire from outside; undefined lets go, and the bias decides. */
  pull(level: Level | undefined): void;
}

export interface MemoryBoard extends SimulatedBoard {
  /** A line that does not exist is a mistake of the test, and throws. */
  wire(line: LineAddress): MemoryWire;
}

interface Wire extends MemoryWire {
  hold(consumer: string): SimulatedLine;
}

/** A board that lives as long as this object. */
export function createMemoryBoard(options: MemoryBoardOptions = {}): MemoryBoard {
  const nowNs = options.nowNs ?? monotonicNs;
  const wires = new Map(options.lines?.map((line) => [formatLine(line), createWire(nowNs)]));
  const find = (line: string): Wire | undefined => {
    const known = wires.get(line);
    if (known !== undefined || options.lines !== undefined || wires.size >= simulatedLinesCountMax) return known;
    const wire = createWire(nowNs);
    wires.set(line, wire);
    return wire;
  };
  return {
    claim(line, consumer) {
      const failed = { operation: 'open', resource: line };
      const wire = find(line);
      if (wire === undefined)
        return fail(driverError('absent', failed, 'the simulated board has no line of this name'));
      if (wire.holder !== undefined) return fail(driverError('busy', failed, `held by ${wire.holder} in this process`));
      return ok(wire.hold(consumer));
    },
    wire(line) {
      const wire = find(formatLine(line));
      if (wire === undefined) throw new Error(`the simulated board has no line ${formatLine(line)}`);
      return wire;
    },
  };
}

function createWire(nowNs: () => bigint): Wire {
  const edges: Edge[] = [];
  let holder: string | undefined;
  let driven: Level | undefined;
  let pulled: Level | undefined;
  let biased: Level = 0;
  let changed: ((level: Level) => void) | undefined;
  const level = () => driven ?? pulled ?? biased;
  const drive = (next: Level) => {
    if (next !== level()) edges.push({ level: next, atNs: nowNs() });
    if (edges.length > wireEdgesCountMax) edges.shift();
    driven = next;
  };
  return {
    get level() {
      return level();
    },
    get holder() {
      return holder;
    },
    edges,
    pull(next) {
      const before = level();
      pulled = next;
      if (level() !== before) changed?.(level());
    },
    hold(consumer) {
      holder = consumer;
      return {
        drive(next) {
          drive(next);
          return ok();
        },
        level: () => ok(level()),
        sense(bias, listener) {
          driven = undefined;
          biased = levelOfBias(bias);
          changed = listener;
          return ok();
        },
        release() {
          holder = undefined;
          changed = undefined;
        },
      };
    },
  };
}
