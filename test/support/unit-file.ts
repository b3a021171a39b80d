import { nodeFlags, unitValues } from '../../build/systemd/node-flags.ts';

/** A command with the priority that the unit gives the agent. Who may not have that is told so by `nice`, and goes on without. */
export function withUnitPriority(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  return ['nice', ['-n', unitValues('Nice')[0] ?? '0', program, ...args]];
}

/** What the unit of the package says about memory. */
export interface UnitMemory {
  /** Of Node, before the program. */
  readonly nodeArguments: readonly string[];
  /** Of the allocator. */
  readonly env: { readonly [name: string]: string };
  /** `MemoryHigh` and `MemoryMax`. */
  readonly highBytes: number;
  readonly maxBytes: number;
  readonly oomScoreAdjust: number;
}

export function readUnitMemory(): UnitMemory {
  const pairs = unitValues('Environment')
    .filter((value) => value.startsWith('MALLOC_'))
    .flatMap((value) => value.split(' '))
    .map((pair) => pair.split('=', 2));
  return {
    nodeArguments: nodeFlags(),
    env: Object.fromEntries(pairs),
    highBytes: megabytes(unitValues('MemoryHigh')[0]),
    maxBytes: megabytes(unitValues('MemoryMax')[0]),
    oomScoreAdjust: Number(unitValues('OOMScoreAdjust')[0]),
  };
}

function megabytes(text = ''): number {
  return Number.parseInt(text, 10) * 1_048_576;
}
