import type { Clock } from '../clock.ts';
import type { Publisher } from '../documents/publisher.ts';
import { envelopeBytes } from '../qn/message.ts';
import { buildHealth, degradeLevelOf, fitHealth, type HealthSources, statusOf } from './report.ts';

export interface HealthReporterDependencies {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly sources: HealthSources;
  readonly random: () => number;
}

/** Tells the health at birth, at every change of status or degrade level, and every interval ± 10 % (QN-6.1). */
export class HealthReporter implements Disposable {
  readonly #dependencies: HealthReporterDependencies;
  #intervalMs: number;
  #intervalFactor = 1;
  #sequence = 0;
  #told: string | undefined;
  #isUntold = false;
  #timer: Disposable | undefined;

  constructor(dependencies: HealthReporterDependencies, intervalMs: number) {
    this.#dependencies = dependencies;
    this.#intervalMs = intervalMs;
  }

  /** Another interval, from the next report on. */
  retime(intervalMs: number): void {
    this.#intervalMs = intervalMs;
  }

  /** So many times the interval, from the next report on. */
  stretch(factor: number): void {
    this.#intervalFactor = factor;
  }

  /** Tells it now, and again after the interval. */
  tell(): void {
    const { publisher, sources } = this.#dependencies;
    const report = { ...buildHealth(sources, this.#sequence), interval_s: this.#periodMs / 1_000 };
    const val = fitHealth(report, sources.pool().payloadBytesMax - envelopeBytes);
    const to = { verb: 'health', document: 'agent' } as const;
    const isTaken = publisher.say({
      message: { t: 'health', val, ep: sources.boot },
      to,
      retain: true,
      policy: 'when-up',
    });
    if (isTaken) this.#sequence += 1;
    this.#isUntold = !isTaken;
    this.#told = this.#status();
    this.#schedule();
  }

  /** Tells it if the last time nobody took it; the outbox has room again. */
  flush(): void {
    if (this.#isUntold && this.#told !== undefined) this.tell();
  }

  /** Something that the status depends on may have changed. */
  refresh(): void {
    if (this.#told !== undefined && this.#status() !== this.#told) this.tell();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#told = undefined;
  }

  /** What is told at once when it changes. */
  #status(): string {
    const { sources } = this.#dependencies;
    return `${statusOf(sources)} ${degradeLevelOf(sources)}`;
  }

  get #periodMs(): number {
    return this.#intervalMs * this.#intervalFactor;
  }

  #schedule(): void {
    const { clock, random } = this.#dependencies;
    this.#timer?.[Symbol.dispose]();
    const jitter = 0.9 + 0.2 * random(); // A fleet that booted together must not report together.
    this.#timer = clock.after(this.#periodMs * jitter, () => this.tell());
  }
}
