import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';
import type { Clock } from '../clock.ts';
import { localAnswerMsMax, localAnswersMax, socketPathBytesMax } from '../limits.ts';
import type { Log } from '../log.ts';
import { removeStale } from '../stale-socket.ts';
import { closerOf } from './close-server.ts';

/** In the state folder, for programs of the same user and root: `qn-agent doctor` asks there. */
export function socketOf(stateFolder: string): string {
  return path.join(stateFolder, 'agent.sock');
}

/**
 * Answers whoever connects with one JSON object, and hangs up; nothing that is sent is read. An agent that cannot
 * listen there runs all the same.
 */
export async function openLocalAnswer(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  stateFolder: string,
  answer: () => object,
): Promise<AsyncDisposable> {
  const file = socketOf(stateFolder);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()); // Whoever asked is gone.
    const deadline = clock.after(localAnswerMsMax, () => socket.destroy()); // Whoever stays takes no place for good.
    socket.on('close', () => deadline[Symbol.dispose]());
    socket.end(JSON.stringify(answer()));
  });
  const close = closerOf(server);
  server.maxConnections = localAnswersMax; // Over it: the newest is hung up on.
  const trouble = Buffer.byteLength(file) > socketPathBytesMax ? 'the path is too long' : await listen(server, file);
  if (trouble !== undefined) log.warn({ file, detail: trouble }, 'qn-agent doctor cannot ask this agent');
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      if (trouble === undefined) await close();
    },
  };
}

async function listen(server: Server, file: string): Promise<string | undefined> {
  try {
    await removeStale(file);
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
  return await new Promise((resolve) => {
    server.once('error', (error) => resolve(codeOf(error) ?? error.message));
    const before = process.umask(0o077); // For this user only, from the first moment.
    server.listen(file, () => resolve(undefined));
    process.umask(before);
  });
}
