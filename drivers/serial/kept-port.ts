import type { MonotonicClock } from '../clock.ts';
import type { BytePort, ModemLines } from '../contract/byte-port.ts';
import { type DriverError, fail, type Result } from '../contract/result.ts';
import { driverError, systemError } from '../system-error.ts';
import { freshReopening, type ReopenInput, type ReopenLimits, reopenLimits, stepReopening } from './reopening.ts';

export interface KeptPortDependencies {
  readonly clock: MonotonicClock;
  readonly random: () => number;
  /** Called for every try; each port it gives is a new object. */
  open(): Promise<Result<BytePort>>;
}

/** None of them may throw, and none is called once disposal began. */
export interface KeptPortListeners {
  /** It is open, and nothing was received from this port yet. */
  onOpen(port: BytePort): void;
  /** The chunk is valid only during the call. */
  onData(chunk: Uint8Array): void;
  /** It is not open, and why: once when it went away or did not open, and again only when the reason changes. */
  onTrouble(error: DriverError): void;
}

/**
 * A port that is opened again whenever it went away, always as a new object, until disposal. Writes while it is not open
 * fail at once with kind `closed` and the reason; nothing waits for its return.
 */
export class KeptPort implements AsyncDisposable {
  readonly resource: string;
  readonly #dependencies: KeptPortDependencies;
  readonly #listeners: KeptPortListeners;
  readonly #limits: ReopenLimits;
  #reopening = freshReopening;
  #port: BytePort | undefined;
  #trouble: DriverError | undefined;
  #timer: Disposable | undefined;
  #attempt: Promise<void> = Promise.resolve();
  /** Of the port that went away; it may still hold the lock of the next one. */
  #closing: PromiseLike<void> = Promise.resolve();
  #isDisposed = false;

  private constructor(
    resource: string,
    dependencies: KeptPortDependencies,
    listeners: KeptPortListeners,
    limits: ReopenLimits,
  ) {
    this.resource = resource;
    this.#dependencies = dependencies;
    this.#listeners = listeners;
    this.#limits = limits;
  }

  /** Resolves when the first try has ended, however it ended; the listener knows. */
  static async open(
    resource: string,
    dependencies: KeptPortDependencies,
    listeners: KeptPortListeners,
    limits: ReopenLimits = reopenLimits,
  ): Promise<KeptPort> {
    const kept = new KeptPort(resource, dependencies, listeners, limits);
    kept.#attempt = kept.#try();
    await kept.#attempt;
    return kept;
  }

  /** Undefined while it is open. */
  get trouble(): DriverError | undefined {
    return this.#port === undefined ? this.#closedError('use') : undefined;
  }

  async write(bytes: Uint8Array, timeoutMs: number): Promise<Result<void>> {
    const port = this.#port;
    if (port === undefined) return fail(this.#closedError('write'));
    const written = await port.write(bytes, timeoutMs);
    if (!written.ok && written.error.kind === 'closed') this.#lose(port, written.error);
    return written;
  }

  /** Of the port as it is open now; the next one begins as its settings say. */
  async setModem(lines: ModemLines): Promise<Result<void>> {
    const port = this.#port;
    if (port === undefined) return fail(this.#closedError('set modem lines'));
    if (port.setModem !== undefined) return await port.setModem(lines);
    const failed = { operation: 'set modem lines', resource: this.resource };
    return fail(driverError('unsupported', failed, 'a port of this kind has no modem lines'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#attempt;
    await this.#closing;
    const port = this.#port;
    this.#port = undefined;
    await port?.[Symbol.asyncDispose]();
  }

  async #try(): Promise<void> {
    await this.#closing;
    if (this.#isDisposed) return;
    const opened = await this.#open();
    if (!opened.ok) return this.#again(opened.error.kind, opened.error);
    if (this.#isDisposed) return await opened.value[Symbol.asyncDispose]();
    this.#attach(opened.value);
  }

  async #open(): Promise<Result<BytePort>> {
    try {
      return await this.#dependencies.open();
    } catch (cause) {
      // A driver that throws breaks its contract; the port is tried again like any other that does not open.
      return fail(systemError(cause, { operation: 'open', resource: this.resource }));
    }
  }

  #attach(port: BytePort): void {
    this.#port = port;
    this.#trouble = undefined;
    this.#step('open');
    port.onData((chunk) => {
      if (!this.#isDisposed) this.#listeners.onData(chunk);
    });
    port.onClosed((error) => this.#lose(port, error));
    this.#listeners.onOpen(port);
  }

  /** Told by the port, or noticed by a write; whichever comes first. */
  #lose(port: BytePort, error: DriverError): void {
    if (this.#port !== port || this.#isDisposed) return;
    this.#port = undefined;
    this.#closing = port[Symbol.asyncDispose]();
    this.#again('lost', error);
  }

  /** Tells the trouble and sets the next try. */
  #again(input: Exclude<ReopenInput, 'open'>, error: DriverError): void {
    if (this.#isDisposed) return;
    const { delayMs, isStorm } = this.#step(input);
    const told = isStorm ? this.#stormError(error, delayMs) : error;
    const isNews = this.#trouble === undefined || !isSameTrouble(this.#trouble, told);
    this.#trouble = told;
    this.#timer = this.#dependencies.clock.after(delayMs, () => {
      this.#attempt = this.#try();
    });
    if (isNews) this.#listeners.onTrouble(told);
  }

  #step(input: ReopenInput) {
    const { clock, random } = this.#dependencies;
    const step = stepReopening(this.#reopening, input, clock.monotonicMs(), random, this.#limits);
    this.#reopening = step.next;
    return step;
  }

  #closedError(operation: string): DriverError {
    const reason = this.#trouble?.detail ?? 'it was closed';
    const failed = { operation, resource: this.resource };
    const error = driverError('closed', failed, `the port is not open and is tried again by itself: ${reason}`);
    return this.#trouble?.fix === undefined ? error : { ...error, fix: this.#trouble.fix };
  }

  #stormError({ detail }: DriverError, pauseMs: number): DriverError {
    const { lossesCountMax, lossesWindowMs } = this.#limits;
    const often = `it went away more than ${lossesCountMax} times within ${lossesWindowMs / 1_000} s`;
    const fixes = { closed: 'check plug, cable and power supply of the adapter' };
    const text = `${often}, the last time because ${detail}; it is left alone for ${pauseMs / 1_000} s`;
    return driverError('closed', { operation: 'read', resource: this.resource, fixes }, text);
  }
}

function isSameTrouble(left: DriverError, right: DriverError): boolean {
  return left.kind === right.kind && left.detail === right.detail;
}
