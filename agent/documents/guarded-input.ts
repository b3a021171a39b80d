import type { DigitalInput, Edge, GpioBackend, InputRequest, Level } from '../../drivers/contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { StormConfig } from '../config/config.ts';
import { stormRetryMsMax } from '../limits.ts';

export interface GuardedInputHandlers {
  edge(edge: Edge): void;
  /** The line was opened, again after a storm; this is the level on it. */
  found(level: Level): void;
  /** Too many edges: nothing is told until `found` is called again. */
  stormed(error: DriverError): void;
  /** The line is gone, or could not be opened again: the same. */
  failed(error: DriverError): void;
}

/** A line that is observed, as long as it behaves. */
export interface GuardedInput extends AsyncDisposable {
  read(): Result<Level>;
}

/**
 * Opens an input and lets go of it when its edges come in a storm: a broken sensor or a loose wire would keep the
 * processor busy that everything else needs. It is tried again by itself, after a wait that doubles while the storm goes
 * on. One that is gone with its chip is tried again, too. Not promised: that edges are seen meanwhile.
 */
export async function openGuardedInput(
  { clock, gpio }: { readonly clock: Clock; readonly gpio: GpioBackend },
  request: InputRequest,
  storm: StormConfig,
  handlers: GuardedInputHandlers,
): Promise<Result<GuardedInput>> {
  const guard = new StormGuard(clock, gpio, request, storm, handlers);
  const opened = await guard.open();
  return opened.ok ? ok(guard) : opened;
}

class StormGuard implements GuardedInput {
  readonly #clock: Clock;
  readonly #gpio: GpioBackend;
  readonly #request: InputRequest;
  readonly #storm: StormConfig;
  /** In one window. A rule that allows less than one edge would let nothing through. */
  readonly #edgesCountMax: number;
  readonly #handlers: GuardedInputHandlers;
  #state: Result<DigitalInput>;
  #isDisposed = false;
  #windowMs = 0;
  #edgesCount = 0;
  #retryMs: number;
  #retry: Disposable | undefined;
  /** Opening and closing happen one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    clock: Clock,
    gpio: GpioBackend,
    request: InputRequest,
    storm: StormConfig,
    handlers: GuardedInputHandlers,
  ) {
    this.#clock = clock;
    this.#gpio = gpio;
    this.#request = request;
    this.#storm = storm;
    this.#edgesCountMax = Math.max(1, (storm.ratePerS * storm.windowMs) / 1_000);
    this.#handlers = handlers;
    this.#retryMs = storm.retryMs;
    this.#state = fail(this.#error('closed', 'not open yet'));
  }

  async open(): Promise<Result<void>> {
    const opened = await this.#gpio.openInput(this.#request);
    if (!opened.ok) return opened;
    const input = opened.value;
    const level = this.#isDisposed ? fail(this.#error('closed', 'the agent stopped')) : input.read();
    if (!level.ok) {
      await input[Symbol.asyncDispose]();
      return level;
    }
    this.#state = opened;
    this.#edgesCount = 0;
    this.#windowMs = this.#clock.monotonicMs();
    this.#handlers.found(level.value);
    input.onEdge((edge) => this.#take(input, edge));
    input.onLost?.((error) => this.#lose(input, error));
    return ok();
  }

  read(): Result<Level> {
    return this.#state.ok ? this.#state.value.read() : this.#state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#retry?.[Symbol.dispose]();
    await this.#work;
    const state = this.#state;
    this.#state = fail(this.#error('closed', 'it was closed before'));
    if (state.ok) await state.value[Symbol.asyncDispose]();
  }

  #take(input: DigitalInput, edge: Edge): void {
    if (!this.#state.ok || this.#state.value !== input) return;
    const { windowMs } = this.#storm;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowMs >= windowMs) {
      this.#windowMs = nowMs;
      this.#edgesCount = 0;
      this.#retryMs = this.#storm.retryMs; // A whole window without a storm: the next one is a new one.
    }
    this.#edgesCount += 1 + (edge.missedCount ?? 0);
    if (this.#edgesCount > this.#edgesCountMax) this.#disable(input);
    else this.#handlers.edge(edge);
  }

  #disable(input: DigitalInput): void {
    const { windowMs } = this.#storm;
    const seconds = Math.round(this.#retryMs / 100) / 10;
    const detail = `disabled: storm, more than ${this.#edgesCountMax} edges in ${windowMs} ms; tried again in ${seconds} s`;
    const error = this.#error('closed', detail);
    this.#state = fail(error);
    this.#handlers.stormed(error);
    this.#work = closeInput(input);
    this.#schedule();
  }

  #lose(input: DigitalInput, error: DriverError): void {
    if (!this.#state.ok || this.#state.value !== input) return;
    this.#state = fail(error);
    this.#retryMs = this.#storm.retryMs;
    this.#handlers.failed(error);
    this.#work = closeInput(input);
    this.#schedule();
  }

  #schedule(): void {
    this.#retry = this.#clock.after(this.#retryMs, () => {
      this.#work = this.#work.then(() => this.#reopen());
    });
    this.#retryMs = Math.min(this.#retryMs * 2, stormRetryMsMax);
  }

  async #reopen(): Promise<void> {
    if (this.#isDisposed) return;
    const opened = await this.open();
    if (opened.ok || this.#isDisposed) return;
    this.#state = opened;
    this.#retryMs = this.#storm.retryMs; // No longer: its chip may be plugged in again.
    this.#handlers.failed(opened.error);
    this.#schedule();
  }

  #error(kind: DriverError['kind'], detail: string): DriverError {
    const { line } = this.#request;
    const resource = typeof line === 'string' ? line : `${line.chip}:${line.offset}`;
    const fix = 'check the wiring and the sensor; raise storm.rate if so many edges are right';
    return { kind, operation: 'read', resource, detail, ...(detail.includes('storm') && { fix }) };
  }
}

async function closeInput(input: DigitalInput): Promise<void> {
  await input[Symbol.asyncDispose]();
}
