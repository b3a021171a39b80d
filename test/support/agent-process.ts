import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../build/build.ts';
import { withUnitPriority } from './unit-file.ts';

/** The folder of the project. */
export const projectFolder = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const distFolder = path.join(projectFolder, 'dist');

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of the bundle, or any other Node script, in a process of its own. Killed with the test at the latest. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** What it wrote so far. */
  readonly out: string;
  readonly err: string;
  /** The signal, and the end it brings. */
  end(signal: NodeJS.Signals): Promise<ProcessEnd>;
  /** Resident memory, as the kernel counts it. */
  rssBytes(): number;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string | undefined };
  readonly stdin?: string | Uint8Array;
  /** Of Node itself, before the script. */
  readonly nodeArguments?: readonly string[];
  /** Before other programs, as on a board. */
  readonly hasUnitPriority?: boolean;
}

/** `npm test` builds the bundle first; this is for a single test on a fresh clone. */
export async function needBundle(): Promise<void> {
  if (!existsSync(path.join(distFolder, 'qn-agent.cjs'))) await build();
}

export function startScript(script: string, args: readonly string[], options: ProcessOptions = {}): TestProcess {
  return startProgram(process.execPath, [...(options.nodeArguments ?? []), script, ...args], options);
}

/** Any program, like a script. */
export function startProgram(program: string, args: readonly string[], options: ProcessOptions = {}): TestProcess {
  const { cwd = projectFolder, env = {}, stdin, hasUnitPriority = false } = options;
  const command = hasUnitPriority ? withUnitPriority(program, args) : ([program, args] as const);
  const child = spawn(...command, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (stdin !== undefined) child.stdin?.end(stdin);
  return attach(child);
}

/** `qn-agent run` from the bundle. */
export function startAgentProcess(configFile: string, options: ProcessOptions = {}): TestProcess {
  return startScript(path.join(distFolder, 'qn-agent.cjs'), ['run', '--config', configFile], options);
}

export interface Finished extends ProcessEnd {
  readonly out: string;
  readonly err: string;
}

/** A program of the bundle, until it ends. */
export async function runProgram(
  program: 'qn-agent' | 'qnctl',
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  await needBundle();
  await using running = startScript(path.join(distFolder, `${program}.cjs`), args, options);
  const end = await running.ended;
  return { ...end, out: running.out, err: running.err };
}

function attach(child: ChildProcess): TestProcess {
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    child.once('error', reject);
    // Not `exit`: at `close` everything it wrote is here.
    child.once('close', (code, signal) => {
      process.off('exit', killOnExit);
      resolve({ code, signal });
    });
  });
  const end = (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid ?? -1,
    ended,
    get out() {
      return out;
    },
    get err() {
      return err;
    },
    end,
    rssBytes: () => rssBytesOf(child.pid ?? -1),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

/** Second field of /proc/PID/statm, in pages of 4 096 bytes (getconf PAGESIZE on x64 and arm64 Debian). */
function rssBytesOf(pid: number): number {
  const [, resident] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(resident) * 4_096;
}
