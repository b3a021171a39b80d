import { readFileSync } from 'node:fs';

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
  const text = readFileSync('build/systemd/qn-agent.service', 'utf8');
  const of = (key: string) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
  const [start = ''] = of('ExecStart');
  const pairs = of('Environment')
    .filter((value) => value.startsWith('MALLOC_'))
    .flatMap((value) => value.split(' '))
    .map((pair) => pair.split('=', 2));
  return {
    nodeArguments: start.split(' ').filter((word) => word.startsWith('--')),
    env: Object.fromEntries(pairs),
    highBytes: megabytes(of('MemoryHigh')[0]),
    maxBytes: megabytes(of('MemoryMax')[0]),
    oomScoreAdjust: Number(of('OOMScoreAdjust')[0]),
  };
}

function megabytes(text = ''): number {
  return Number.parseInt(text, 10) * 1_048_576;
}
