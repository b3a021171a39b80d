import { chmod } from 'node:fs/promises';
import type { Server } from 'node:http';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageOf } from '../../drivers/system-error.ts';
import { removeStale } from '../stale-socket.ts';

/** Where a server listens: a Unix socket, or a port of the loopback. */
export type Address = { readonly socket: string } | { readonly host: string; readonly port: number };

export function formatAddress(address: Address): string {
  return 'socket' in address ? address.socket : `http://${address.host}:${address.port}`;
}

/** Resolves when it listens, or fails with what the system says; then it is closed. */
export async function listen(server: Server, address: Address): Promise<Result<void, string>> {
  const options = 'socket' in address ? { path: address.socket } : { host: address.host, port: address.port };
  try {
    if ('socket' in address) await removeStale(address.socket);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options, resolve);
    });
    if ('socket' in address) await chmod(address.socket, 0o660); // For the user and the group of the agent.
    return ok();
  } catch (error) {
    server.close();
    return fail(messageOf(error));
  }
}
