import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { type DriverError, ok } from '../../drivers/contract/result.ts';

/** What becomes of a chunk on its way; both ways. */
export type Damage = (chunk: Uint8Array) => Uint8Array;

/** The standard input and output of a program as a port, damage included. For tests of the link only. */
export function pipePort(
  program: ChildProcessByStdio<Writable, Readable, Readable | null>,
  damage: Damage = (chunk) => chunk,
): BytePort {
  let onData: (chunk: Uint8Array) => void = () => {};
  let onClosed: (error: DriverError) => void = () => {};
  program.stdout.on('data', (chunk: Uint8Array) => onData(damage(chunk)));
  program.on('exit', (code) => {
    const detail = `the program ended with ${code}`;
    onClosed({ kind: 'closed', operation: 'read', resource: 'pipe', detail });
  });
  program.stdin.on('error', () => {}); // It ended: `exit` tells.
  return {
    resource: 'pipe',
    write: (bytes) =>
      new Promise((resolve) => {
        program.stdin.write(damage(bytes), () => resolve(ok()));
      }),
    onData(listener) {
      onData = listener;
    },
    onClosed(listener) {
      onClosed = listener;
    },
    async [Symbol.asyncDispose]() {
      program.stdin.end();
    },
  };
}
