import type { Worker } from 'node:worker_threads';
import { runProcess } from './process.ts';
import { agentProgram } from './programs.ts';

/** `storeThread`: one that was started already. */
export async function runAgentProgram(storeThread?: Worker, keepCode?: () => Promise<void>): Promise<void> {
  await runProcess(agentProgram, { ...(storeThread && { storeThread }), ...(keepCode && { keepCode }) });
}
