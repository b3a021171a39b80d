import { chmod, mkdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { messageOf } from '../../../drivers/system-error.ts';
import type { Clock } from '../../clock.ts';
import { socketPathBytesMax } from '../../limits.ts';
import type { Log } from '../../log.ts';
import { removeStale } from '../../stale-socket.ts';
import { controlConnectionsMax, controlRequestBytesMax, controlRequestMsMax, controlStopMsMax } from '../limits.ts';
import { isPlainMap } from '../plain-map.ts';
import type { LocalAnswer, LocalWish } from '../push/local.ts';
import { tryParseJson } from '../try-parse-json.ts';

export interface ControlDependencies {
  readonly clock: Clock;
  readonly log: Log;
  change(wish: LocalWish): Promise<LocalAnswer>;
}

/** Connections that may still ask for something, and those that wait for their answer. */
interface Sockets {
  readonly asking: Set<Socket>;
  readonly asked: Set<Socket>;
}

/**
 * A Unix socket for the user of the agent alone: one line of JSON in, one line of JSON out. Where it cannot listen the
 * board works on without. While it is being disposed of nothing more is asked, and what was asked is answered if it
 * ends soon.
 */
export async function openControl(dependencies: ControlDependencies, socketPath: string): Promise<AsyncDisposable> {
  const { clock, log } = dependencies;
  const sockets: Sockets = { asking: new Set(), asked: new Set() };
  const server = createServer((socket) => serve(dependencies, socket, sockets));
  server.maxConnections = controlConnectionsMax;
  const listening = await listen(server, socketPath);
  if (!listening.ok)
    log.warn({ socket: socketPath, detail: listening.error }, 'no reload from this board: cannot listen');
  return {
    async [Symbol.asyncDispose]() {
      if (!listening.ok) return;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      cut(sockets.asking);
      using _deadline = clock.after(controlStopMsMax, () => cut(sockets.asked));
      await closed;
    },
  };
}

async function listen(server: ReturnType<typeof createServer>, file: string): Promise<Result<void, string>> {
  if (Buffer.byteLength(file) > socketPathBytesMax) return fail(`the path is longer than ${socketPathBytesMax} bytes`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await removeStale(file);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(file, resolve);
    });
    await chmod(file, 0o600);
    return ok();
  } catch (error) {
    return fail(messageOf(error));
  }
}

function cut(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

function serve({ clock, log, change }: ControlDependencies, socket: Socket, { asking, asked }: Sockets): void {
  let text = '';
  const hangUp = () => void socket.destroy();
  let deadline = clock.after(controlRequestMsMax, hangUp);
  asking.add(socket);
  /** Whoever does not hang up, or does not read, is not waited for. */
  const answer = (said: object) => {
    deadline = clock.after(controlRequestMsMax, hangUp);
    socket.end(`${JSON.stringify(said)}\n`, hangUp);
  };
  socket.setEncoding('utf8');
  socket.on('error', () => {}); // Whoever asked is gone; what it asked for goes on.
  socket.on('close', () => {
    deadline[Symbol.dispose]();
    asking.delete(socket);
    asked.delete(socket);
  });
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > controlRequestBytesMax) return void socket.destroy();
    const end = text.indexOf('\n');
    if (end < 0) return;
    socket.pause();
    deadline[Symbol.dispose]();
    asking.delete(socket);
    asked.add(socket);
    const wish = readWish(text.slice(0, end));
    if (wish === undefined) return answer({ status: 'rejected', detail: 'not understood' });
    log.info({ ...wish }, 'asked on the control socket');
    change(wish).then(answer, (err: unknown) => {
      log.error({ err }, 'a change from this board failed');
      socket.destroy();
    });
  });
}

function readWish(line: string): LocalWish | undefined {
  const parsed = tryParseJson(line);
  if (!isPlainMap(parsed)) return undefined;
  const isDryRun = parsed['isDryRun'] === true;
  const file = parsed['file'];
  if (parsed['do'] === 'rollback') return { do: 'rollback', isDryRun };
  if (parsed['do'] !== 'reload') return undefined;
  if (file === undefined) return { do: 'reload', isDryRun };
  return typeof file === 'string' && path.isAbsolute(file) ? { do: 'reload', file, isDryRun } : undefined;
}
