import { number, readOptions } from '../../build/script-options.ts';
import { openWorkshop } from '../support/c-compiler.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { buildEcho, compactOf, echo, noise } from './echo-run.ts';

const { values } = readOptions({
  command: 'npm run prove:link',
  summary:
    'Compact messages of random bytes go from the bridge to the C side and back, through a line that loses, turns, doubles and\n' +
    'cuts bytes. Ends with 1 unless each came back once, in order, in one session.',
  options: {
    messages: { ...number, default: '1000000', help: 'how many' },
    'noise-bytes': { ...number, default: '20000', help: 'how many are sound between two strikes' },
    seed: { ...number, help: 'of the chance, to have it again; else another one each time' },
  },
});
const count = Number(values.messages);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const damage = noise(random, Number(values['noise-bytes']));
console.log(`prove:link: ${JSON.stringify({ ...values, seed })}`);
using workshop = openWorkshop();
const tell = (returned: number) => console.log(`${returned} came back, ${damage.count} strikes`);
const { wrong, returnedCount, tookMs, counters } = await echo(buildEcho(workshop), {
  count,
  bodyOf: compactOf,
  random,
  damage,
  tell,
});
const { session, received } = counters;
const faults = [
  ...wrong,
  ...(returnedCount === count ? [] : [`${returnedCount} of ${count} came back`]),
  ...(session.delivered === count ? [] : [`${session.delivered} were delivered`]),
  ...(session.sessions === 1 ? [] : [`${session.sessions} sessions`]),
];
console.log(JSON.stringify({ strikes: damage.count, ...session, discarded: received.discardedFrames }, null, 2));
console.log(`${Math.round(tookMs / 1_000)} s`);
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'held: each delivered once, in order' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
