import { loadNativeGpio } from '../../../drivers/native/addon.ts';
import { valueOf } from '../../support/value-of.ts';
import { fuzzNative } from './fuzz.ts';

/*
 * Runs under the address sanitizer, started by ../native-sanitizer.test.ts: the native file and addresses of sockets
 * on the command line. What it prints is compared there; what is wrong in memory ends the process.
 */
const [path, ...addresses] = process.argv.slice(2);
const native = valueOf(loadNativeGpio(path));
const fuzzed = fuzzNative(native);
const sent = addresses.map((address) => native.sdNotify(address, `READY=1\nSTATUS=${address}`).ok);
for (let round = 0; round < 200; round += 1) native.open('/dev/null'); // Handles that failed to open are freed, too.
globalThis.gc?.();
console.log(JSON.stringify({ ...fuzzed, sent, counts: native.counts() }));
