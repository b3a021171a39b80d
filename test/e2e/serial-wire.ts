import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { openPtyPair } from '../support/pty.ts';
import { until } from '../support/until.ts';

/** A serial device at the other end of a pty, as other programs see it: `cat` reads, plain writes write. */
export interface SerialWire extends AsyncDisposable {
  /** The agent's end. */
  readonly port: string;
  /** Everything that came out since the last `clear`. */
  received(): Buffer;
  clear(): void;
  /** Waits until so many bytes came out. */
  receive(byteCount: number): Promise<Buffer>;
  send(bytes: string | Uint8Array): void;
}

export async function openSerialWire(): Promise<SerialWire> {
  const pair = await openPtyPair();
  const chunks: Buffer[] = [];
  const file = openSync(pair.right, constants.O_RDWR | constants.O_NOCTTY);
  const cat = spawn('cat', [pair.right], { stdio: ['ignore', 'pipe', 'inherit'] });
  cat.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const received = () => Buffer.concat(chunks);
  return {
    port: pair.left,
    received,
    clear: () => void chunks.splice(0),
    async receive(byteCount) {
      await until(() => received().byteLength >= byteCount, `${byteCount} bytes out of the pty`);
      return received();
    },
    send: (bytes) => void writeSync(file, Buffer.from(bytes)),
    async [Symbol.asyncDispose]() {
      closeSync(file);
      await ended(cat);
      await pair[Symbol.asyncDispose]();
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
