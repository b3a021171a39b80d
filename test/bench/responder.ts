import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { withUnitPriority } from '../support/unit-file.ts';
import type { Stamp } from './wire-stamps.ts';
import { readStamps } from './wire-stamps.ts';

/** Something that takes commands from the broker and drives lines of a simulated board. */
export interface Responder extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly probeTopic: string;
  readonly bulkTopic: string;
  /** Changes of the probed line since its start. */
  stamps(): readonly Stamp[];
  /** Messages it carried out so far. */
  handledCount(): Promise<number>;
}

export interface Topics {
  readonly probeTopic: string;
  readonly bulkTopic: string;
  /** The folder of the line that is probed. */
  readonly probeLine: string;
}

const ticksPerS = 100; // getconf CLK_TCK, on every Linux that Debian has.

/** Processor time of a process, all of its threads. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerS; // utime and stime, proc(5)
}

/** A program that prints `ready`, and the number of its messages at each SIGUSR2. With the agent's own priority. */
export async function startCounting(
  name: string,
  topics: Topics,
  program: string,
  operands: readonly string[],
): Promise<Responder> {
  const child = spawn(...withUnitPriority(program, operands), { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const rows = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await rows.next();
  if (first.value !== 'ready') throw new Error(`${name} did not get ready, but said: ${first.value}`);
  return {
    name,
    ...topics,
    pid: child.pid ?? -1,
    stamps: () => readStamps(path.join(topics.probeLine, 'log')),
    async handledCount() {
      child.kill('SIGUSR2');
      return Number((await rows.next()).value);
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await gone;
    },
  };
}
