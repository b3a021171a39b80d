import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const toolMsMax = 900_000; // Packing Node with xz takes a minute, more on a busy machine.
const outputBytesMax = 64 * 1_024 * 1_024;

/** What a program prints; why it failed is in the error. */
export async function runTool(program: string, operands: readonly string[], folder = '.'): Promise<string> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const options = { cwd: folder, env, timeout: toolMsMax, maxBuffer: outputBytesMax };
  try {
    const { stdout } = await execute(program, [...operands], options);
    return stdout;
  } catch (cause) {
    throw new Error(`${program} ${operands.at(-1) ?? ''} failed: ${complaintOf(cause)}`, { cause });
  }
}

/** The last thing it said: mostly the reason. Where the last is a summary, as apt's, the warning before it says more. */
function complaintOf(cause: unknown): string {
  const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
  return said === '' ? String(cause) : said.split('\n').slice(-2).join(' ');
}
