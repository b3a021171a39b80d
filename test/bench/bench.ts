import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from '../../build/build.ts';
import { readOptions } from '../../build/script-options.ts';
import { benches } from './benches.ts';
import { describeMachine } from './machine.ts';
import { plotFigures } from './plot.ts';
import { formatFigures } from './table.ts';

const resultFolder = 'dist/bench';

async function main(): Promise<void> {
  const { values, operands } = readOptions({
    command: 'npm run bench',
    summary:
      'Measures, all or what is named, prints a table each, and keeps JSON and a plot in dist/bench. Ends with 1 when a target\n' +
      'is missed. Behind a name, as in `estop=60`, is how much of it.',
    operands: {
      value: 'NAME[=NUMBER]',
      names: Object.fromEntries(Object.entries(benches).map(([name, { what }]) => [name, what])),
    },
    options: { json: { type: 'boolean', help: 'a line of JSON for each bench in place of the table' } },
  });
  const asked = operands.length === 0 ? Object.keys(benches) : operands;
  const chosen = asked.flatMap((word) => {
    const [name = '', operand] = word.split('=', 2);
    const bench = benches[name];
    return bench === undefined ? [] : [{ name, load: bench.load, ...(operand !== undefined && { operand }) }];
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
