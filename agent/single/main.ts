import { startupSnapshot } from 'node:v8';
import { runAgentProgram } from '../cli/agent-program.ts';
import { runGuardProcess } from '../guard/guard-process.ts';
import { startStoreThread } from '../store/start-thread.ts';
import { compileAhead } from './compile-ahead.ts';
import { storeProgram } from './store-program.ts';

/**
 * `qn-agent` as a single executable: what agent/main.ts is for the bundle. All modules are there when it starts, evaluated
 * at the time of the build where that could make a snapshot of them. So no module may look at the process, its arguments or
 * its environment while it is evaluated.
 */
function main(): void {
  process.report.excludeEnv = true;
  if (process.argv[2] === 'guard') void runGuardProcess(process.argv[3] ?? '.');
  else void runAgentProgram(process.argv[2] === 'run' ? startStoreThread(storeProgram()) : undefined);
}

if (startupSnapshot.isBuildingSnapshot()) {
  compileAhead(__filename);
  startupSnapshot.setDeserializeMainFunction(main);
} else main();
