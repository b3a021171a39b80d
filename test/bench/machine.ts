import { arch, cpus, loadavg, release, totalmem } from 'node:os';

/** What a figure was measured on; without it the figure says nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly arch: string;
  readonly memory_mb: number;
  readonly kernel: string;
  readonly node: string;
  /** What else it had to do: the load of the last minute before the run. */
  readonly load: number;
  readonly date: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    arch: arch(),
    memory_mb: Math.round(totalmem() / 1_048_576),
    kernel: release(),
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    date: new Date().toISOString().slice(0, 10),
  };
}
