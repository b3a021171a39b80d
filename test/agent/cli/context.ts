import type { CliContext } from '../../../agent/cli/verb.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

export interface RecordedContext extends CliContext {
  readonly outLines: readonly string[];
  readonly errLines: readonly string[];
  abort(): void;
}

/** The world of a verb without a process. */
export function recordContext(stdin: readonly (string | Uint8Array)[] = []): RecordedContext {
  const outLines: string[] = [];
  const errLines: string[] = [];
  const stop = new AbortController();
  async function* read() {
    for (const chunk of stdin) yield Buffer.from(chunk);
  }
  return {
    env: {},
    clock: createFakeClock(),
    random: () => 0,
    signal: stop.signal,
    stdin: read(),
    out: (line) => void outLines.push(line),
    err: (line) => void errLines.push(line),
    outBytes: (bytes) => void outLines.push(Buffer.from(bytes).toString('hex')),
    outLines,
    errLines,
    abort: () => stop.abort(),
  };
}
