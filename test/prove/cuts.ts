import { readOptions } from '../../build/script-options.ts';
import { runCuts } from './cuts-run.ts';

readOptions({
  command: 'npm run prove:cuts',
  summary:
    'Kills the agent at every file operation of a push, once with a sound and once with a broken config: the old config or the\n' +
    'new one must run after each cut. Ends with 1 when anything did not hold.',
  options: {},
});
const startMs = performance.now();
const { faults, counts } = await runCuts({ pushes: ['sound', 'broken'], tell: (line) => console.log(line) });
console.log(`${JSON.stringify(counts)}, ${Math.round((performance.now() - startMs) / 1_000)} s`);
for (const fault of faults) console.error(fault);
const isProof = faults.length === 0 && counts['kills'] !== undefined && counts['kills'] > 0;
console.log(
  isProof ? 'held: the old config or the new one after each cut, and the truth about it' : `${faults.length} faults`,
);
process.exitCode = isProof ? 0 : 1;
