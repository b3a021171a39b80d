import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { until } from './until.ts';

/** Receives datagrams over AF_UNIX, which Node cannot. */
export interface DatagramInbox extends AsyncDisposable {
  /** Everything so far; datagrams have no marks between them. */
  received(): string;
}

/** `address` is a path, or a name behind `@`. Needs socat. */
export async function openDatagramInbox(address: string): Promise<DatagramInbox> {
  const end = address.startsWith('@') ? `ABSTRACT-RECV:${address.slice(1)}` : `UNIX-RECV:${address}`;
  const socat = spawn('socat', ['-u', '-d', '-d', end, '-'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(socat, 'exit');
  let text = '';
  let log = '';
  socat.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socat.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await until(() => log.includes('starting data transfer loop'), `socat at ${address}`);
  if (address.startsWith('/') && !existsSync(address)) throw new Error(`socat made no ${address}: ${log}`);
  return {
    received: () => text,
    async [Symbol.asyncDispose]() {
      socat.kill();
      await ended;
    },
  };
}
