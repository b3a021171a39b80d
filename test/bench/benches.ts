import type { Figure } from './figure.ts';

/** What a bench gets. */
export interface BenchOptions {
  /** What stood behind the name: `edges=60`. */
  readonly operand?: string;
  /** How far it is, and what could not be measured: for people, beside the figures. */
  tell(text: string): void;
}

export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

/** Loaded when they run: one must not slow down the other. A new bench is a file and a row. */
export const benches: { readonly [name: string]: () => Promise<Bench> } = {
  latency: async () => (await import('./latency.ts')).benchLatency,
  throughput: async () => (await import('./throughput.ts')).benchThroughput,
  estop: async () => (await import('./estop.ts')).benchEstop,
  memory: async () => (await import('./memory.ts')).benchMemory,
  soak: async () => (await import('./soak.ts')).benchSoak,
  fleet: async () => (await import('./fleet.ts')).benchFleet,
  codec: async () => (await import('./codec.ts')).benchCodec,
  edges: async () => (await import('./edges.ts')).benchEdges,
  failover: async () => (await import('./failover.ts')).benchFailover,
  mcu: async () => (await import('./mcu.ts')).benchMcu,
  pins: async () => (await import('./pins.ts')).benchPins,
  start: async () => (await import('./start.ts')).benchStart,
  pushes: async () => (await import('./pushes.ts')).benchPushes,
};
