import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../build/build.ts';
import { benches } from './benches.ts';
import { describeMachine } from './machine.ts';
import { plotFigures } from './plot.ts';
import { formatFigures } from './table.ts';

const resultFolder = 'dist/bench';

/**
 * `npm run bench [-- NAME[=OPERAND]…] [--json]`: measures, prints a table or one line of JSON for each bench, and keeps
 * JSON and a plot in `dist/bench`. Ends with 1 when a target is missed.
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
    const figures = await bench({ ...operand, tell }).catch((cause: unknown) => {
      tell(
        `${name}: could not be measured: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
      );
      process.exitCode = 1; // The others are measured all the same.
      return [];
    });
    if (figures.length === 0) continue;
    const result = JSON.stringify({ name, machine, figures });
    await mkdir(resultFolder, { recursive: true });
    await writeFile(path.join(resultFolder, `${name}.json`), `${result}\n`);
    await writeFile(
      path.join(resultFolder, `${name}.svg`),
      plotFigures(`${name}, ${machine.cpu}, ${machine.date}`, figures),
    );
    console.log(values.json ? result : `${name}, on ${JSON.stringify(machine)}\n${formatFigures(figures)}\n`);
    if (figures.some(({ pass }) => pass === false)) process.exitCode = 1;
  }
}

await main();
