import { number, readOptions } from '../../build/script-options.ts';
import { runOffline } from './offline-run.ts';

const { values } = readOptions({
  command: 'npm run prove:offline',
  summary:
    'A board without a broker that goes on measuring: a real broker, the real bundle. Ends with 1 when a message is missing and\n' +
    'not counted, or out of order.',
  options: {
    minutes: { ...number, default: '1', help: 'how long it is alone' },
    rate: { ...number, default: '1000', help: 'events a second' },
  },
});
const options = { seconds: Math.round(Number(values.minutes) * 60), eventsPerSecond: Number(values.rate) };
console.log(`prove:offline: ${JSON.stringify(options)}`);
const figures = await runOffline({ ...options, tell: (line) => console.log(line) });
console.log(JSON.stringify(figures, null, 2));
const { events, arrived, dropped, outOfOrder, idleMsP99, drainMsP99, rssBytesEarly, rssBytesLate } = figures;
const isComplete = arrived + dropped === events && outOfOrder === 0;
console.log(isComplete ? 'every event arrived or was counted, in order' : 'events are missing, or out of order');
console.log(`p99 of a command: idle ${idleMsP99.toFixed(1)} ms, while draining ${drainMsP99.toFixed(1)} ms`);
console.log(`resident memory: ${((rssBytesLate - rssBytesEarly) / 1e6).toFixed(1)} MB more after the last four fifths`);
process.exitCode = isComplete ? 0 : 1;
