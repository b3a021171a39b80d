import { chmodSync, linkSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listen } from '../../../agent/observe/listen.ts';

const nobody = 65_534;

test.skipIf(process.getuid?.() !== 0)('a socket left behind in a folder that is closed to us is a fault', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-listen-'));
  const socket = path.join(folder, 'http.sock');
  await leaveBehind(socket);
  chmodSync(folder, 0o555);
  process.seteuid?.(nobody);
  try {
    const server = createServer();
    expect(await listen(server, { socket })).toEqual({ ok: false, error: expect.stringContaining('EACCES') });
    expect(server.listening).toBe(false);
  } finally {
    process.seteuid?.(0);
  }
  expect(statSync(socket).isSocket()).toBe(true);
  rmSync(folder, { recursive: true });
});

test('a socket whose rights cannot be set is not served', async () => {
  const server = createServer();
  // Of no folder, which the kernel allows.
  const listened = await listen(server, { socket: `\0qn-listen-${process.pid}` });
  expect(listened).toMatchObject({ ok: false });
  expect(server.listening).toBe(false);
});

/** As after kill -9. */
async function leaveBehind(socket: string): Promise<void> {
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  linkSync(socket, `${socket}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${socket}.kept`, socket);
}
