import type { Server, Socket } from 'node:net';

/**
 * For a server that does not listen yet. What it returns closes the server and cuts off who is still connected: otherwise
 * the end would wait for a client that never hangs up.
 */
export function closerOf(server: Server): () => Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of open) socket.destroy();
    await closed;
  };
}
