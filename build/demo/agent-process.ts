import { type ChildProcess, spawn } from 'node:child_process';

/** The real agent as its own process, from the bundle. */
export interface AgentProcess extends AsyncDisposable {
  /** As a power cut would: no goodbye. */
  kill(): Promise<void>;
}

export function startAgentProcess(configFile: string): AgentProcess {
  const child = spawn(process.execPath, ['dist/qn-agent.cjs', 'run', '--config', configFile], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true, // Ctrl-C is for the demo, which then stops the agent in good order.
  });
  return {
    kill: () => end(child, 'SIGKILL'),
    [Symbol.asyncDispose]: () => end(child, 'SIGTERM'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}
