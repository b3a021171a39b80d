import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A device at the other end of a serial line that tells one numbered line after the other. */
export interface Talker extends AsyncDisposable {
  /** For `port:` of a document. */
  readonly port: string;
  /** Lines so far: `e0`, `e1` …, filled up to their size with dots. */
  readonly saidCount: number;
  /** Lines a second from now on; 0 is silence. */
  setRate(perSecond: number): void;
}

const tickMs = 10;

export async function openTalker(lineBytes = 0): Promise<Talker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-talker-'));
  const file = path.join(folder, 'line');
  let socket: Socket | undefined;
  const server = createServer((opened) => {
    socket = opened;
    opened.on('error', () => {}); // The agent ended; `close` follows.
    opened.once('close', () => (socket = undefined));
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  let saidCount = 0;
  let perSecond = 0;
  let owed = 0;
  let sinceMs = performance.now();
  const tick = () => {
    const nowMs = performance.now();
    owed += ((nowMs - sinceMs) * perSecond) / 1_000;
    sinceMs = nowMs;
    const count = socket === undefined ? 0 : Math.floor(owed);
    if (count === 0) return;
    owed -= count;
    socket?.write(
      Array.from({ length: count }, (_, index) => `${`e${saidCount + index}`.padEnd(lineBytes, '.')}\n`).join(''),
    );
    saidCount += count;
  };
  const timer = setInterval(tick, tickMs);
  return {
    port: `simulated:${file}`,
    get saidCount() {
      return saidCount;
    },
    setRate(rate) {
      tick();
      perSecond = rate;
      owed = 0;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      socket?.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
