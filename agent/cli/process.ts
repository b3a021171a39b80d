import { systemClock } from '../clock.ts';
import { missingPart, partFix } from '../missing-part.ts';
import { type Program, runProgram } from './command-line.ts';
import { crashText, prepareForCrash } from './crash.ts';
import { type CliContext, exitCodes } from './verb.ts';

/** How long a program that was told to end, and is done, waits for what still runs in it. Over it: die of SIGTERM. */
const endMsMax = 1_000;

/** The edge to the operating system: argv, env, signals, streams, exit code. A second signal ends the process at once. */
export async function runProcess(
  program: Program,
  before: Pick<CliContext, 'storeThread' | 'keepCode'> = {},
): Promise<void> {
  if (typeof DisposableStack === 'undefined') {
    console.error(
      `${program.name}: this is Node.js ${process.version}, and it needs 24 or later; look which: node --version`,
    );
    process.exit(exitCodes.unavailable);
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => (stop.signal.aborted ? process.exit(exitCodes.failed) : stop.abort()));
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return stop.abort(); // `qnctl watch | head` closes the pipe; that is how people stop it.
    console.error(`${program.name}: cannot write: ${error.message}`);
    process.exit(exitCodes.io);
  });
  process.stderr.on('error', () => {}); // Nobody hears it.
  prepareForCrash(endOfBug);
  // Timers of the clock keep no process alive: without a socket it would end in the middle of a verb, and with code 0.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const context = { ...createContext(stop.signal), ...before };
    const code = await runProgram(program, process.argv.slice(2), context, process.stderr.isTTY ? showLine : undefined);
    process.exitCode = code;
    if (stop.signal.aborted) setTimeout(endBySignal, endMsMax).unref();
  } catch (error) {
    const part = missingPart(error);
    if (part === undefined) endOfBug(crashText(error));
    console.error(`${program.name}: the part ${part} is missing; ${partFix}`);
    process.exit(exitCodes.unavailable);
  } finally {
    clearInterval(alive);
  }
}

/** Node.js waits for a silent name server even in process.exit. For systemd, death by SIGTERM is a clean end. */
function endBySignal(): void {
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}

function endOfBug(text: string): never {
  console.error(text);
  process.exit(exitCodes.bug);
}

function createContext(signal: AbortSignal): CliContext {
  return {
    env: process.env,
    clock: systemClock,
    random: Math.random,
    signal,
    stdin: process.stdin,
    out: (line) => void process.stdout.write(`${printable(line)}\n`),
    err: (line) => void process.stderr.write(`${printable(line)}\n`),
    outBytes: (bytes) => void process.stdout.write(bytes),
    onHangup(action) {
      process.on('SIGHUP', action);
      return { [Symbol.dispose]: () => void process.off('SIGHUP', action) };
    },
    isColourful: isColourful(process.env, process.stdout.isTTY),
  };
}

/** A terminal obeys control characters, and much of what is printed comes from others: only colours get through. In JSON the escapes mean the same. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t](\[\d{1,2}m)?/gu, (found, colour: string = '') => {
    if (colour !== '' && found.startsWith('\u001b')) return found;
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${colour}`;
  });
}

/** Whatever NO_COLOR says counts, unless it is empty (no-color.org). */
function isColourful({ NO_COLOR, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  return isTerminal && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

/** Over the line before; none at all is an empty one. */
function showLine(line = ''): void {
  process.stderr.write(`\r\u001b[K${line}`);
}
