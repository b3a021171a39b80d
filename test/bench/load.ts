import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Workshop } from '../support/c-compiler.ts';

/** One turn of the generator; see c/load.c. A rate of 0 leaves a stream out. */
export interface LoadOptions {
  readonly forMs: number;
  readonly probe: { readonly topic: string; readonly perS: number; readonly qos?: 0 | 1 };
  readonly bulk: {
    readonly topic: string;
    readonly perS: number;
    readonly qos?: 0 | 1;
    /** ON and OFF in turns; else always OFF. */
    readonly isChanging?: boolean;
  };
}

export interface Hiccup {
  readonly atNs: bigint;
  readonly ms: number;
}

/** What it did. Times are of the monotonic clock. */
export interface Loaded {
  readonly probesNs: readonly bigint[];
  readonly bulkCount: number;
  /** A thread that does nothing was woken up so much too late: the machine, not what is measured. */
  readonly hiccups: readonly Hiccup[];
  /** The latest it was itself. */
  readonly lateMs: number;
}

export type RunLoad = (options: LoadOptions) => Promise<Loaded>;

const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

/** Builds the generator for one broker. No two of its messages have the same id. */
export function openLoad(workshop: Workshop, port: number): RunLoad {
  const program = workshop.build('gcc', 'load', [...flags, 'test/bench/c/load.c', '-lpthread']);
  let nextId = 1;
  return async ({ forMs, probe, bulk }) => {
    const streams = [
      ...[probe.topic, probe.perS, probe.qos ?? 1],
      ...[bulk.topic, bulk.perS, bulk.qos ?? 0, bulk.isChanging === true ? 1 : 0],
    ];
    const operands = [port, forMs, nextId, ...streams].map(String);
    const { stdout } = await promisify(execFile)(program, operands, { maxBuffer: 2 ** 26 });
    const loaded = readLoaded(stdout);
    nextId += loaded.bulkCount + loaded.probesNs.length;
    return loaded;
  };
}

export function readLoaded(text: string): Loaded {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((row) => row.split(' '));
  const of = (kind: string) => rows.filter(([word]) => word === kind);
  const [, bulk = '0', , lateUs = '0'] = of('sent')[0] ?? [];
  return {
    probesNs: of('probe').map(([, ns = '0']) => BigInt(ns)),
    bulkCount: Number(bulk),
    hiccups: of('hiccup').map(([, ns = '0', us]) => ({ atNs: BigInt(ns), ms: Number(us) / 1_000 })),
    lateMs: Number(lateUs) / 1_000,
  };
}
