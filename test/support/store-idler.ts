import { createInterface } from 'node:readline';
import { systemClock } from '../../agent/clock.ts';
import { silentLog } from '../../agent/log.ts';
import { openStore } from '../../agent/store/open-store.ts';
import { stored, storeProgram } from './store-rigs.ts';

// node store-idler.ts FOLDER: opens a store, writes a little, says `idle`, and does nothing until a line comes in.
const [folder = ''] = process.argv.slice(2);
const options = { folder, program: storeProgram, clock: systemClock, log: silentLog, onTrouble: () => undefined };
const store = stored(await openStore(options));
stored(await store.values.set('count', '0'));
console.log('idle');
for await (const line of createInterface({ input: process.stdin })) {
  stored(await store.values.set('line', line));
  console.log('written');
}
