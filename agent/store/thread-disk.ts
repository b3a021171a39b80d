import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import { afterReading, type Clock } from '../clock.ts';
import { type Disk, type DiskCounters, noDiskCounters, type OpenRequest, type OutboxQuery } from './disk.ts';
import { type StoreError, storeError } from './error.ts';
import type { StoreLimits } from './limits.ts';
import type { Answer, Reply, Request, StorePlace } from './protocol.ts';
import type { Loaded, StoredMessage, Write } from './rows.ts';
import { isAlive, startStoreThread } from './start-thread.ts';
import type { ThreadProgram } from './store-program.ts';

/** The main thread's end of the store thread; starts it when it is first opened, and anew when it died. */
export class ThreadDisk implements Disk {
  readonly resource: string;
  readonly #clock: Clock;
  readonly #program: ThreadProgram;
  readonly #place: StorePlace;
  #spare: Worker | undefined;
  #worker: Worker | undefined;
  #waiting: ((answer: Answer) => void) | undefined;
  /** What it answers next was asked by somebody who did not wait for it any longer. */
  #isBehind = false;
  #isClosed = false;
  counters: DiskCounters = noDiskCounters;

  /** `program` runs `runStoreThread` when it finds itself to be the store thread; `spare` is one that was started already. */
  constructor(clock: Clock, program: ThreadProgram, folder: string, limits: StoreLimits, spare?: Worker) {
    this.#clock = clock;
    this.#program = program;
    this.#place = { folder, limits };
    this.#spare = spare;
    this.resource = path.join(folder, 'store.db');
  }

  async open(request: OpenRequest): Promise<Result<Loaded, StoreError>> {
    const answer = await this.#ask({ kind: 'open', ...request, ...this.#place });
    return answer.kind === 'opened' ? ok(answer.loaded) : failed(answer);
  }

  async commit(writes: readonly Write[]): Promise<Result<void, StoreError>> {
    const answer = await this.#ask({ kind: 'commit', writes });
    return answer.kind === 'done' ? ok() : failed(answer);
  }

  async readOutbox(query: OutboxQuery): Promise<Result<readonly StoredMessage[], StoreError>> {
    const answer = await this.#ask({ kind: 'read-outbox', ...query });
    return answer.kind === 'messages' ? ok(answer.messages) : failed(answer);
  }

  async close(): Promise<void> {
    if (this.#worker !== undefined) await this.#ask({ kind: 'close' });
    await this.kill();
  }

  async kill(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#gone(this.#closedError());
    await worker?.terminate();
  }

  async #ask(request: Request): Promise<Answer> {
    if (this.#isClosed) return { kind: 'failed', error: this.#closedError() };
    assert(this.#waiting === undefined, 'one call to the disk at a time');
    if (this.#isBehind) return this.#late();
    const answer = Promise.withResolvers<Answer>();
    this.#waiting = answer.resolve;
    const worker = this.#worker ?? this.#start();
    worker.ref(); // Whoever waits for an answer keeps the process alive; an idle store does not.
    worker.postMessage(request, []); // Copied: nothing is handed over.
    using _deadline = afterReading(this.#clock, this.#place.limits.answerMsMax, () => {
      this.#isBehind = true;
      this.#settle(this.#late());
    });
    return await answer.promise;
  }

  #start(): Worker {
    const spare = this.#spare;
    this.#spare = undefined;
    const worker = spare !== undefined && isAlive(spare) ? spare : startStoreThread(this.#program);
    worker.on('message', ({ answer, counters }: Reply) => {
      this.counters = counters;
      if (this.#isBehind) this.#isBehind = false;
      else this.#settle(answer);
    });
    const died = (detail: string) => {
      if (this.#worker === worker) this.#gone(storeError('io', 'run', this.resource, detail));
    };
    worker.on('error', (cause) => died(`the store thread died: ${String(cause)}`));
    worker.on('exit', (code) => died(`the store thread ended with code ${code}`));
    this.#worker = worker;
    return worker;
  }

  #closedError(): StoreError {
    return storeError('closed', 'write', this.resource, 'the store was closed before the disk answered');
  }

  #late(): Answer {
    const detail = `the disk has not answered for ${this.#place.limits.answerMsMax} ms`;
    return { kind: 'failed', error: storeError('io', 'wait', this.resource, detail) };
  }

  #gone(error: StoreError): void {
    this.#worker = undefined;
    this.#isBehind = false;
    this.#settle({ kind: 'failed', error });
  }

  #settle(answer: Answer): void {
    this.#worker?.unref();
    const settle = this.#waiting;
    this.#waiting = undefined;
    settle?.(answer);
  }
}

function failed(answer: Answer): Result<never, StoreError> {
  assert(answer.kind === 'failed', `the store thread answered ${answer.kind} to another question`);
  return fail(answer.error);
}
