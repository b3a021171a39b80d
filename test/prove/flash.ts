import { number, readOptions } from '../../build/script-options.ts';
import { type Cut, runFlashes } from './flash-run.ts';

const { values } = readOptions({
  command: 'npm run prove:flash',
  summary:
    'Updates of an AVR with optiboot on a simulator, with a real broker and the bundle, each cut at a random point. Ends with 1\n' +
    'when one did not end with the new program running and told.',
  options: {
    cuts: { ...number, default: '10', help: 'how many updates' },
    kind: {
      ...{ type: 'string', value: 'NAME', help: 'what is cut; else one after the other' },
      names: { cable: 'the line to the AVR', agent: 'killed', broker: 'killed' },
    },
    seed: { ...number, help: 'of the chance, to have it again; else another one each time' },
  },
});
const kinds: readonly Cut[] = ['cable', 'agent', 'broker'];
const only = kinds.find((kind) => kind === values.kind);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const cuts = Array.from({ length: Number(values.cuts) }, (_, index) => only ?? kinds[index % kinds.length] ?? 'cable');
console.log(`prove:flash: ${JSON.stringify({ cuts: cuts.length, seed })}`);
const startMs = performance.now();
const rounds = await runFlashes({ cuts, seed, tell: (round) => console.log(JSON.stringify(round)) });
const faults = rounds.filter(({ wanted, inFlash, told }) => inFlash !== wanted || told !== wanted);
console.log(
  `${rounds.length} updates, ${faults.length} faults, ${Math.round((performance.now() - startMs) / 1_000)} s`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
