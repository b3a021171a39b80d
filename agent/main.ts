import type { Kept } from './kept-code.ts';
import { isStoreThread } from './store/role.ts';
import { startStoreThread } from './store/start-thread.ts';
import { storeProgram } from './store/store-program.ts';

/**
 * `qn-agent`, the program on the board. Only what is needed is loaded: the guard is there all the time, and must stay
 * small and start fast.
 */
process.report.excludeEnv = true; // A report of Node's, where one is asked for, has no secrets in it; each thread has its own.
if (isStoreThread()) void import('./store/thread.ts').then(({ runStoreThread }) => runStoreThread());
else if (process.argv[2] === 'guard')
  void import('./guard/guard-process.ts').then(({ runGuardProcess }) => runGuardProcess(process.argv[3] ?? '.'));
else if (process.argv[2] === 'run') runAgent();
else void import('./cli/agent-program.ts').then(({ runAgentProgram }) => runAgentProgram());

/** What `runKept` gives to this file when it runs it a second time; else there is no such variable. */
declare const kept: Kept | undefined;

function runAgent(): void {
  const again = typeof kept === 'undefined' ? undefined : kept;
  // It starts on one processor while another one reads the rest of the agent.
  const storeThread = again?.storeThread ?? startStoreThread(storeProgram());
  const folder = process.env['NODE_COMPILE_CACHE'];
  const isBundle = typeof module === 'object';
  if (again === undefined && folder !== undefined && isBundle)
    void import('./kept-code.ts').then(({ runKept }) => runKept(__filename, folder, module, storeThread));
  else void import('./cli/agent-program.ts').then(({ runAgentProgram }) => runAgentProgram(storeThread, again?.keep));
}
