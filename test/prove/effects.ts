import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Serial devices outside of the agent: what reaches them has happened, whatever the agent remembers of it. */
export interface Effects extends AsyncDisposable {
  /** One for each device, for `port:` of a document. */
  readonly ports: readonly string[];
  /** How often each complete line came in, over all devices and connections. */
  readonly counts: ReadonlyMap<string, number>;
  /** Called at each complete line. */
  onLine(listener: () => void): void;
}

/** Each device listens on a Unix socket of its own; a connection is one opening of its port. */
export async function openEffects(deviceCount: number): Promise<Effects> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-effects-'));
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let listener = () => {};
  const take = (line: string) => {
    counts.set(line, (counts.get(line) ?? 0) + 1);
    listener();
  };
  const files = Array.from({ length: deviceCount }, (_, index) => path.join(folder, `device${index}`));
  const servers = await Promise.all(files.map((file) => listenAt(file, sockets, take)));
  return {
    ports: files.map((file) => `simulated:${file}`),
    counts,
    onLine(told) {
      listener = told;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listenAt(file: string, sockets: Set<Socket>, take: (line: string) => void): Promise<Server> {
  const server = createServer((socket) => {
    let rest = ''; // Of this connection: the half line of one that died is not the beginning of the next.
    sockets.add(socket);
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    socket.on('error', () => {}); // Its agent was killed; `close` follows.
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  return server;
}
