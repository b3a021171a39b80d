import { number, readOptions } from '../../build/script-options.ts';
import { runKills } from './kill-run.ts';

const { values } = readOptions({
  command: 'npm run prove:kill',
  summary:
    'Exactly-once effects against `kill -9`: a real broker, the real bundle, effects counted outside of the agent. Ends with 1\n' +
    'when anything did not hold.',
  options: {
    kills: { ...number, default: '100', help: 'how often' },
    commands: { ...number, default: '2000', help: 'how many meanwhile' },
    seed: { ...number, help: 'of the chance, to have it again; else another one each time' },
  },
});
const options = {
  kills: Number(values.kills),
  commands: Number(values.commands),
  seed: Number(values.seed ?? Date.now() % 1_000_000),
};
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
