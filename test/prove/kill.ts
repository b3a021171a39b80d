import { parseArgs } from 'node:util';
import { runKills } from './kill-run.ts';

/**
 * Proves exactly-once effects against `kill -9`: `npm run prove:kill -- --kills 500 --commands 10000`. Real broker, real
 * bundle, effects counted outside of the agent. Exit code 1 when anything did not hold.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    commands: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const options = { kills: Number(values.kills), commands: Number(values.commands), seed: Number(values.seed) };
console.log(`prove:kill: ${JSON.stringify(options)}`);
const startMs = performance.now();
const { faults, counts } = await runKills({
  ...options,
  tell(killsDone, { all, openCount }) {
    if (killsDone % 25 === 0) console.log(`${killsDone} kills, ${all.size} commands, ${openCount} of them open`);
  },
});
console.log(`${JSON.stringify(counts, null, 2)}\n${Math.round((performance.now() - startMs) / 1_000)} s`);
for (const fault of faults.slice(0, 50)) console.error(fault);
console.log(faults.length === 0 ? 'held: one effect at most, one ending each' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
