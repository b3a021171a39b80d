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
else {
  // It starts on one processor while another one reads the rest of the agent.
  const storeThread = process.argv[2] === 'run' ? startStoreThread(storeProgram()) : undefined;
  void import('./cli/agent-program.ts').then(({ runAgentProgram }) => runAgentProgram(storeThread));
}
