import { number, readOptions } from '../../build/script-options.ts';
import { runCanary } from './canary-run.ts';

const { values } = readOptions({
  command: 'npm run prove:canary',
  summary:
    'Boards in this process get a config that one in ten of them cannot run, a tenth of them first: it must stop there, and every\n' +
    'board end on a good config. Ends with 1 when anything did not hold.',
  options: {
    boards: { ...number, default: '200', help: 'how many' },
    wait: { ...number, default: '5', help: 'seconds that the canaries are watched' },
  },
});
const boards = Number(values.boards);
const startMs = performance.now();
const alive = setInterval(() => {}, 60_000); // Timers of the agents keep no process alive.
const canaryCount = Math.ceil(boards / 10);
const { rolled, faults, counts } = await runCanary({
  boards,
  brokenOneIn: 10,
  canaryCount,
  watchMs: Number(values.wait) * 1_000,
});
console.log(
  JSON.stringify({
    ...counts,
    canaryCount,
    halted: rolled.halted,
    seconds: Math.round((performance.now() - startMs) / 1_000),
  }),
);
for (const fault of faults.slice(0, 20)) console.error(fault);
const isStopped = rolled.halted?.includes('a canary') === true && counts.asked <= canaryCount && counts.failed > 0;
console.log(
  faults.length === 0 && isStopped ? 'held: stopped at the canaries, every board on a good config' : 'did not hold',
);
clearInterval(alive);
process.exitCode = faults.length === 0 && isStopped ? 0 : 1;
