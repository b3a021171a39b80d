import { startStoreThread } from './store/start-thread.ts';
import { storeProgram } from './store/store-program.ts';

/** What Node.js runs of the bundle: it reads agent/main.ts, which stands behind it in the same file, and runs that. */
const folder = process.env['NODE_COMPILE_CACHE'];
// It starts on one processor while another one reads the rest of the agent.
const storeThread = process.argv[2] === 'run' ? startStoreThread(storeProgram()) : undefined;
void import('./kept-code.ts').then(({ runBehindFront }) => runBehindFront(__filename, module, { folder, storeThread }));
