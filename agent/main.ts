import type { Kept } from './kept-code.ts';
import { isStoreThread } from './store/role.ts';

/** What `runBehindFront` gives to this file. */
declare const kept: Kept;

/**
 * `qn-agent`, the program on the board, as agent/front.ts runs it. Only what is needed is loaded: the guard is there all the
 * time, and must stay small and start fast.
 */
process.report.excludeEnv = true; // A report of Node's, where one is asked for, has no secrets in it; each thread has its own.
if (isStoreThread()) void import('./store/thread.ts').then(({ runStoreThread }) => runStoreThread());
else if (process.argv[2] === 'guard')
  void import('./guard/guard-process.ts').then(({ runGuardProcess }) => runGuardProcess(process.argv[3] ?? '.'));
else void import('./cli/agent-program.ts').then(({ runAgentProgram }) => runAgentProgram(kept.storeThread, kept.keep));
