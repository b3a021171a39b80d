import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Debian's, with Debian's packages; the first one on the path may be another. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('modbus-slave.py', import.meta.url));

/** Why tests with a real slave cannot run here; undefined when they can. For the title of what is skipped. */
export const slaveMissing: string | undefined =
  spawnSync(python, ['-c', 'import pymodbus.server.async_io, serial_asyncio'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'python3-pymodbus is not installed';

/** Units of a real Modbus slave at one end of a line; see modbus-slave.py. */
export interface ModbusSlave extends AsyncDisposable {
  /** `mute 2`, `get 3 1 12 2`; the answer. */
  command(text: string): Promise<string>;
}

export async function startModbusSlave(port: string, units: readonly number[]): Promise<ModbusSlave> {
  const child = spawn(python, [script, port, '19200', ...units.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the modbus slave has ended');
    return line.value;
  };
  await next();
  return {
    command(text) {
      child.stdin.write(`${text}\n`);
      return next();
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
