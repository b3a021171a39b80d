import { runCuts } from './cuts-run.ts';

/** `npm run prove:cuts`: the agent is killed at every file operation of a push, once with a sound and once with a broken config. */
const startMs = performance.now();
const { faults, counts } = await runCuts({ pushes: ['sound', 'broken'], tell: (line) => console.log(line) });
console.log(`${JSON.stringify(counts)}, ${Math.round((performance.now() - startMs) / 1_000)} s`);
for (const fault of faults) console.error(fault);
const isProof = faults.length === 0 && counts['kills'] !== undefined && counts['kills'] > 0;
console.log(
  isProof ? 'held: the old config or the new one after each cut, and the truth about it' : `${faults.length} faults`,
);
process.exitCode = isProof ? 0 : 1;
