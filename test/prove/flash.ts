import { parseArgs } from 'node:util';
import { type Cut, runFlashes } from './flash-run.ts';

/**
 * Proves updates against cuts: `npm run prove:flash -- --cuts 10`. A real broker, the bundle, and an AVR with optiboot on
 * a simulator; cable, agent or broker is cut at a random point of each update. Exit code 1 when one did not end with the
 * new program running and told.
 */
const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '10' },
    kind: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const kinds: readonly Cut[] = ['cable', 'agent', 'broker'];
const only = kinds.find((kind) => kind === values.kind);
const seed = Number(values.seed);
const cuts = Array.from({ length: Number(values.cuts) }, (_, index) => only ?? kinds[index % kinds.length] ?? 'cable');
console.log(`prove:flash: ${JSON.stringify({ cuts: cuts.length, seed })}`);
const startMs = performance.now();
const rounds = await runFlashes({ cuts, seed, tell: (round) => console.log(JSON.stringify(round)) });
const faults = rounds.filter(({ wanted, inFlash, told }) => inFlash !== wanted || told !== wanted);
console.log(
  `${rounds.length} updates, ${faults.length} faults, ${Math.round((performance.now() - startMs) / 1_000)} s`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
