import { runProcess } from './process.ts';
import { agentProgram } from './programs.ts';

export async function runAgentProgram(): Promise<void> {
  await runProcess(agentProgram);
}
