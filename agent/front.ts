import { startStoreThread } from './store/start-thread.ts';
import { storeProgram } from './store/store-program.ts';

/** What Node.js runs of the bundle: it reads agent/main.ts, which stands behind it in the same file, and runs that. */
const isRun = process.argv[2] === 'run';
// It starts on one processor while another one reads the rest of the agent.
const storeThread = isRun ? startStoreThread(storeProgram()) : undefined;
const folder = isRun ? process.env['NODE_COMPILE_CACHE'] : undefined; // Only a run keeps code, and only to one does it fit.
void import('./kept-code.ts').then(({ runBehindFront }) => runBehindFront(__filename, module, { folder, storeThread }));
