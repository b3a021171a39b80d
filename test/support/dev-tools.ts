import type { ChildProcess } from 'node:child_process';

/** `ws://127.0.0.1:PORT/devtools/browser/…`, which it prints when it is ready. */
export function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [, address] = /DevTools listening on (\S+)/.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`chromium ended with ${code}:\n${text}`)));
  });
}

export interface DevTools {
  send(method: string, params?: object, sessionId?: string): Promise<unknown>;
  onEvent(listener: (method: string, params: unknown) => void): void;
  close(): void;
}

export async function connect(address: string): Promise<DevTools> {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();
  let listen: (method: string, params: unknown) => void = () => {};
  let lastId = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data));
    if (message.id === undefined) return listen(message.method, message.params);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  return {
    send(method, params = {}, sessionId) {
      lastId += 1;
      const id = lastId;
      socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
      return new Promise((resolve, reject) => {
        waiting.set(id, ({ result, error }) =>
          error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
        );
      });
    },
    onEvent(listener) {
      listen = listener;
    },
    close: () => socket.close(),
  };
}
