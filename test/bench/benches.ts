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
export const benches: { readonly [name: string]: { readonly what: string; load(): Promise<Bench> } } = {
  latency: {
    what: 'command to pin, in turns with C, MQTT.js and Node-RED',
    load: async () => (await import('./latency.ts')).benchLatency,
  },
  throughput: {
    what: 'commands a second without losing any',
    load: async () => (await import('./throughput.ts')).benchThroughput,
  },
  estop: {
    what: 'an emergency stop under 10 000 commands a second',
    load: async () => (await import('./estop.ts')).benchEstop,
  },
  memory: {
    what: 'memory after the start and after a million commands',
    load: async () => (await import('./memory.ts')).benchMemory,
  },
  soak: {
    what: 'whether anything grows, for as many minutes as wanted',
    load: async () => (await import('./soak.ts')).benchSoak,
  },
  fleet: {
    what: 'many boards at one broker, which is killed',
    load: async () => (await import('./fleet.ts')).benchFleet,
  },
  codec: {
    what: 'bytes and time of each encoding',
    load: async () => (await import('./codec.ts')).benchCodec,
  },
  edges: {
    what: '1 000 edges a second, and a wire that is loose',
    load: async () => (await import('./edges.ts')).benchEdges,
  },
  failover: {
    what: 'how long until the next broker is in use',
    load: async () => (await import('./failover.ts')).benchFailover,
  },
  mcu: {
    what: 'command to pin of a microcontroller on a simulator',
    load: async () => (await import('./mcu.ts')).benchMcu,
  },
  pins: {
    what: 'command to pin, one at a time',
    load: async () => (await import('./pins.ts')).benchPins,
  },
  start: {
    what: 'from exec to subscribed and ready',
    load: async () => (await import('./start.ts')).benchStart,
  },
  pushes: {
    what: 'commands while 10 000 bad pushes a minute arrive',
    load: async () => (await import('./pushes.ts')).benchPushes,
  },
  changes: {
    what: 'how long everything else waits while a config is taken',
    load: async () => (await import('./changes.ts')).benchChanges,
  },
};
