import path from 'node:path';
import { parentPort } from 'node:worker_threads';
import { assert } from '../assert.ts';
import { type DatabaseSettings, databaseName, openDatabase, type StoreDatabase } from './database.ts';
import { type DiskCounters, noDiskCounters, type OpenRequest } from './disk.ts';
import { storeErrorOf } from './fault.ts';
import type { Answer, Reply, Request } from './protocol.ts';
import type { Loaded } from './rows.ts';
import { dropEmpty, makeFolder, setAside, whatIsCutOff } from './set-aside.ts';
import { openWrittenBytes } from './written-bytes.ts';

/** The store thread: answers requests until it is told to close. The only one that touches the database. */
export function runStoreThread(settings: Pick<DatabaseSettings, 'synchronous'> = { synchronous: 'FULL' }): void {
  assert(parentPort !== null, 'the store thread runs inside the agent, not by itself');
  const port = parentPort;
  let server: ReturnType<typeof createServer> | undefined;
  port.on('message', (request: Request) => {
    if (request.kind === 'open') {
      const { folder, limits } = request;
      server ??= createServer({ folder, limits, ...settings });
    }
    assert(server !== undefined, 'the first request opens the store');
    const reply: Reply = { answer: server.answer(request), counters: server.counters() };
    port.postMessage(reply);
    if (request.kind === 'close') port.close();
    else server.tidy();
  });
}

function createServer(settings: DatabaseSettings) {
  const { folder, limits } = settings;
  const file = path.join(folder, databaseName);
  const written = openWrittenBytes();
  let database: StoreDatabase | undefined;
  let before = { ...noDiskCounters, logPages: 0 }; // Of the databases that were open before this one.
  let tidyFailure: Answer | undefined;

  function failed(cause: unknown, operation: string): Answer {
    return { kind: 'failed', error: storeErrorOf(cause, operation, file, folder) };
  }

  function totals() {
    if (database === undefined) return before;
    const now = database.counters;
    const sum = (name: 'commits' | 'fsyncs' | 'checkpoints' | 'logPages') => before[name] + now[name];
    const [commits, fsyncs, checkpoints, logPages] = [
      sum('commits'),
      sum('fsyncs'),
      sum('checkpoints'),
      sum('logPages'),
    ];
    return { ...before, commits, fsyncs, checkpoints, logPages, fileBytes: now.fileBytes };
  }

  function close(): void {
    before = totals();
    const closing = database;
    database = undefined;
    closing?.[Symbol.dispose]();
  }

  /** Damage is mended at once: the file is set aside and another begun. */
  function open({ wallMs, isDamaged }: OpenRequest): Loaded {
    close();
    makeFolder(folder);
    const aside = (detail: string) => ({ detail, path: setAside(folder, wallMs, limits.setAsideCountMax) });
    const cutOff = whatIsCutOff(file);
    let found = isDamaged ? aside('found while it was open') : cutOff === undefined ? undefined : aside(cutOff);
    try {
      return { ...read(), ...(found === undefined ? {} : { setAside: found }) };
    } catch (cause) {
      const { kind, detail } = storeErrorOf(cause, 'open', file, folder);
      if (kind !== 'corrupt' && kind !== 'busy') dropEmpty(file);
      if (kind !== 'corrupt') throw cause;
      close();
      found = aside(detail);
      return { ...read(), setAside: found };
    }
  }

  function read(): Loaded {
    database = openDatabase(settings);
    return database.load();
  }

  function opened(): StoreDatabase {
    assert(database !== undefined, 'the database is not open');
    return database;
  }

  function perform(request: Request): Answer {
    switch (request.kind) {
      case 'open':
        return { kind: 'opened', loaded: open(request) };
      case 'commit':
        opened().commit(request.writes);
        return { kind: 'done' };
      case 'read-outbox':
        return { kind: 'messages', messages: opened().readOutbox(request) };
      case 'close':
        close();
        return { kind: 'done' };
    }
  }

  return {
    answer(request: Request): Answer {
      const failure = request.kind === 'commit' ? tidyFailure : undefined;
      tidyFailure = undefined;
      if (failure !== undefined) return failure;
      try {
        return perform(request);
      } catch (cause) {
        return failed(cause, request.kind);
      }
    },
    /** After the answer is on its way. What fails here is told with the next commit. */
    tidy(): void {
      try {
        database?.checkpointIfDue();
      } catch (cause) {
        tidyFailure = failed(cause, 'copy the log');
      }
    },
    counters(): DiskCounters {
      const { logPages, ...counters } = totals();
      return { ...counters, writtenBytes: written.read() ?? logPages * 4_120 };
    },
  };
}
