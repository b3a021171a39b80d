import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../build/build.ts';
import type { Figure } from './figure.ts';
import { describeMachine } from './machine.ts';
import { formatFigures } from './table.ts';

/** What a bench gets. */
export interface BenchOptions {
  /** What stood behind the name: `edges=60`. */
  readonly operand?: string;
  /** How far it is, and what could not be measured: for people, beside the figures. */
  tell(text: string): void;
}

export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

/** Loaded when they run: one must not slow down the other. A new bench is a file and a row. */
const benches: { readonly [name: string]: () => Promise<Bench> } = {
  edges: async () => (await import('./edges.ts')).benchEdges,
  failover: async () => (await import('./failover.ts')).benchFailover,
  mcu: async () => (await import('./mcu.ts')).benchMcu,
  pins: async () => (await import('./pins.ts')).benchPins,
  start: async () => (await import('./start.ts')).benchStart,
  pushes: async () => (await import('./pushes.ts')).benchPushes,
};

const resultFolder = 'dist/bench';

/**
 * `npm run bench [-- NAME[=OPERAND]…] [--json]`: measures, prints a table or one line of JSON for each bench, and keeps
 * the JSON in `dist/bench`. Ends with 1 when a target is missed.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } });
  const asked = positionals.length === 0 ? Object.keys(benches) : positionals;
  const chosen = asked.map((word) => {
    const [name = '', operand] = word.split('=', 2);
    const load = benches[name];
    if (load === undefined) throw new Error(`no bench ${name}; there are: ${Object.keys(benches).join(', ')}`);
    return { name, load, ...(operand !== undefined && { operand }) };
  });
  const tell = (text: string) => console.error(text);
  await build();
  for (const { name, load, ...operand } of chosen) {
    const machine = describeMachine();
    const bench = await load();
    const figures = await bench({ ...operand, tell });
    const result = JSON.stringify({ name, machine, figures });
    await mkdir(resultFolder, { recursive: true });
    await writeFile(path.join(resultFolder, `${name}.json`), `${result}\n`);
    console.log(values.json ? result : `${name}, on ${JSON.stringify(machine)}\n${formatFigures(figures)}\n`);
    if (figures.some(({ pass }) => pass === false)) process.exitCode = 1;
  }
}

await main();
