import { fail, ok } from '../../drivers/contract/result.ts';
import { type Clock, sleep } from '../clock.ts';
import type { McuUpdateConfig } from '../config/mcu-config.ts';
import type { Log } from '../log.ts';
import type { Value } from '../qn/message.ts';
import { describeStagingFault, download } from './download.ts';
import { failed, type Job, leftOpen, newJob, type Outcome } from './job.ts';
import { KeptMarker } from './kept-marker.ts';
import {
  commandPatienceMs,
  disposeMsMax,
  progressEveryMs,
  retryPauseMsMax,
  retryPauseMsMin,
  untouchedTriesMax,
} from './limits.ts';
import { type Marker, orderOf } from './marker.ts';
import type { PieceOrder, WriteOrder } from './order.ts';
import type { ImageName, Staging } from './staging.ts';
import { type McuAccess, type WriteError, writeFirmware } from './write-firmware.ts';

export interface UpdaterDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly staging: Staging;
  readonly access: McuAccess;
  readonly update: McuUpdateConfig;
  /** Certificates for downloads, PEM. */
  readonly ca: string | undefined;
  /** Bytes that fit into one message of this board. */
  readonly pieceBytesMax: number;
  /** False: nothing is written before there is an order. */
  readonly resumes?: boolean;
  /** `value` is another one. It must not throw. */
  changed(): void;
  happened(value: Value): void;
}

/** idle, or what it is at (QN-7.8d). waiting: for the microcontroller, which is away. given-up: see `why`. */
type Phase = 'idle' | 'receiving' | 'fetching' | 'writing' | 'waiting' | 'given-up';

/**
 * The updates of one microcontroller: takes the image, writes it, and does not rest until it runs. A microcontroller that
 * was touched is written again by itself, after any cut and in any later life of the agent, from the image on the disk.
 */
export class FirmwareUpdater implements AsyncDisposable {
  readonly #dependencies: UpdaterDependencies;
  readonly #marker: KeptMarker;
  #job: Job | undefined;
  #running: Promise<void> = Promise.resolve();
  #phase: Phase = 'idle';
  #arriving: (ImageName & { readonly stagedBytes: number }) | undefined;
  #why: string | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isEnding = false;

  private constructor(dependencies: UpdaterDependencies, marker: KeptMarker) {
    this.#dependencies = dependencies;
    this.#marker = marker;
  }

  /** Goes on with what an earlier life of the agent left unfinished, unless it is told not to. */
  static async open(dependencies: UpdaterDependencies): Promise<FirmwareUpdater> {
    const marker = await KeptMarker.open(dependencies.staging);
    const updater = new FirmwareUpdater(dependencies, marker);
    const { now } = marker;
    const isUnfinished = now?.phase === 'writing' || now?.isTouched === true;
    if (isUnfinished && dependencies.resumes !== false) updater.#resume(now);
    return updater;
  }

  /** For the state of the document. */
  get value(): { readonly [key: string]: Value } {
    const { sha256, sizeBytes, stagedBytes } = this.#arriving ?? {};
    return {
      phase: this.#phase,
      piece_bytes_max: this.#dependencies.pieceBytesMax,
      ...(sha256 !== undefined && { sha256 }),
      ...(sizeBytes !== undefined && { size: sizeBytes }),
      ...(stagedBytes !== undefined && { staged: stagedBytes }),
      ...(this.#marker.now?.phase === 'done' && { written: this.#marker.now.sha256 }),
      ...(this.#marker.isTouched && { broken: true }),
      ...(this.#why !== undefined && { why: this.#why }),
    };
  }

  async piece(order: PieceOrder): Promise<Outcome> {
    const { staging } = this.#dependencies;
    const put = await staging.put(order, order.offset, order.data);
    const stagedBytes = put.ok ? put.value : await staging.stagedBytes(order);
    this.#arriving = { sha256: order.sha256, sizeBytes: order.sizeBytes, stagedBytes };
    this.#enter(this.#job === undefined ? 'receiving' : this.#phase);
    if (put.ok) return ok();
    const [reason, detail] = describeStagingFault(put.error, order);
    return fail({ reason, detail });
  }

  /** `firmware`: what runs there says of itself now; undefined while its link is down. */
  async write(order: WriteOrder, firmware: string | undefined): Promise<Outcome> {
    if (this.#isEnding) return leftOpen(false);
    // Another order may have come in while the one before was cancelled.
    for (let job = this.#job; job !== undefined; job = this.#job) {
      if (job.order.sha256 === order.sha256) return await job.ended; // QN-7.8c: it is being done.
      if (this.#phase === 'writing') {
        return fail({ reason: 'busy', detail: `the image ${brief(job.order)} is being written just now` });
      }
      await this.#cancel(job);
    }
    const { phase, sha256, firmware: wrote } = this.#marker.now ?? {};
    // Somebody may have written another program over a cable meanwhile: what runs must say what it said then.
    const isKnown = phase === 'done' && sha256 === order.sha256 && firmware !== undefined && firmware === wrote;
    if (isKnown) return ok();
    return await this.#start(order).ended;
  }

  /** What is under way is left as it is; the next life goes on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const job = this.#job;
    this.#isEnding = true;
    job?.end(leftOpen(this.#marker.isBegun(job.order)));
    job?.cancel.abort();
    await Promise.race([this.#running, sleep(this.#dependencies.clock, disposeMsMax)]);
  }

  async #cancel(job: Job): Promise<void> {
    job.end(failed({ reason: 'interrupted', detail: 'another image is to be written instead' }, this.#marker));
    job.cancel.abort();
    await this.#running;
  }

  #resume(marker: Marker): void {
    const { sha256 } = marker;
    this.#dependencies.log.warn({ sha256 }, 'an update of the microcontroller was cut; it is finished now');
    this.#start(orderOf(marker));
  }

  #start(order: WriteOrder): Job {
    const job = newJob(order);
    const held = this.#dependencies.staging.hold(order);
    this.#job = job;
    this.#why = undefined;
    this.#enter(order.url === undefined ? 'writing' : 'fetching');
    const patience = this.#dependencies.clock.after(commandPatienceMs, () => {
      const detail = `${this.#why ?? 'it takes long'}; the agent goes on by itself, see the state of this document`;
      job.end(failed({ reason: 'driver-timeout', detail }, this.#marker));
    });
    this.#running = this.#run(job).then((outcome) => {
      for (const kept of [patience, held]) kept[Symbol.dispose]();
      this.#job = undefined;
      if (job.cancel.signal.aborted) return;
      this.#conclude(order, outcome);
      job.end(outcome);
      const left = this.#marker.now; // Of another image: the order pushed it aside, and then began nothing itself.
      if (left?.phase === 'writing' && left.sha256 !== order.sha256) this.#resume(left);
    });
    return job;
  }

  async #run(job: Job): Promise<Outcome> {
    const { staging } = this.#dependencies;
    const kept = await staging.read(job.order);
    const fetched = kept === undefined ? await this.#fetch(job) : ok();
    if (!fetched.ok) return failed(fetched.error, this.#marker);
    const image = kept ?? (await staging.read(job.order));
    if (image !== undefined) return await this.#writeUntilItRuns(job, image);
    const detail = `the image ${brief(job.order)} is not here; send its pieces first, or say its url`;
    return failed({ reason: 'malformed', detail }, this.#marker);
  }

  async #fetch({ order, cancel }: Job): Promise<Outcome> {
    const { clock, staging, ca } = this.#dependencies;
    if (order.url === undefined) return ok();
    const { sha256, sizeBytes } = order;
    const onProgress = (stagedBytes: number) => {
      this.#arriving = { sha256, sizeBytes, stagedBytes };
      this.#progress('fetch', stagedBytes, sizeBytes);
    };
    return await download({ clock, staging, ca, signal: cancel.signal, onProgress }, order, order.url);
  }

  async #writeUntilItRuns({ order, cancel }: Job, image: Uint8Array): Promise<Outcome> {
    const { clock, log, access, update } = this.#dependencies;
    const hooks = {
      onTouch: () => this.#marker.set(order, { phase: 'writing', isTouched: update.over === 'stk500' }),
      onProgress: (phase: string, done: number, total: number) => this.#progress(phase, done, total),
    };
    let pauseMs = retryPauseMsMin;
    for (let tries = 1; ; tries += 1) {
      this.#enter('writing');
      const { isTouched } = this.#marker;
      const { hardware } = order;
      const options = { clock, update, isTouched, signal: cancel.signal, ...(hardware !== undefined && { hardware }) };
      const written = await writeFirmware(access, image, options, hooks);
      if (written.ok) return await this.#finish(order, written.value);
      if (cancel.signal.aborted) return fail(written.error);
      const { reason, detail, isPassing } = written.error;
      log.warn({ reason, detail, tries }, 'the microcontroller is not updated yet');
      const isOver = !isPassing || (!written.error.isTouched && tries >= untouchedTriesMax);
      if (isOver) return await this.#giveUp(order, written.error);
      // The later order is the one to be finished, also in the next life.
      if (isTouched && !this.#marker.isBegun(order)) await this.#marker.set(order, { phase: 'writing', isTouched });
      this.#why = detail;
      this.#enter('waiting');
      await sleep(clock, pauseMs, cancel.signal);
      if (cancel.signal.aborted) return fail(written.error);
      pauseMs = Math.min(2 * pauseMs, retryPauseMsMax);
    }
  }

  async #finish(order: WriteOrder, firmware: string | undefined): Promise<Outcome> {
    const said = firmware === undefined ? {} : { firmware };
    await this.#marker.set(order, { phase: 'done', isTouched: false, ...said });
    return ok();
  }

  async #giveUp(order: WriteOrder, { reason, detail, isTouched }: WriteError): Promise<Outcome> {
    // What was never begun leaves no trace: what is known of the program over there stays.
    if (this.#marker.isBegun(order)) await this.#marker.set(order, { phase: 'given-up', isTouched, why: detail });
    return failed({ reason, detail }, { isTouched });
  }

  #conclude({ sha256, version }: WriteOrder, outcome: Outcome): void {
    this.#why = outcome.ok ? undefined : outcome.error.detail;
    this.#enter(outcome.ok ? 'idle' : 'given-up');
    const named = version === undefined ? {} : { version };
    const end = outcome.ok ? { phase: 'done' } : { phase: 'given-up', why: outcome.error.detail };
    this.#dependencies.happened({ update: { ...end, sha256, ...named } });
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#dependencies.changed();
  }

  #progress(phase: string, done: number, total: number): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    if (nowMs - this.#toldMs < progressEveryMs && done < total) return;
    this.#toldMs = nowMs;
    this.#dependencies.happened({ update: { phase, done, total } });
  }
}

function brief({ sha256 }: ImageName): string {
  return sha256.slice(0, 12);
}
