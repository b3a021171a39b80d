import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import type { DriverError, Result } from '../../drivers/contract/result.ts';
import { safeAction } from '../../drivers/safe-state.ts';
import type { GpioOutConfig } from '../config/config.ts';
import { safeRetryMs } from '../limits.ts';
import type { DocumentSurroundings } from './kind.ts';
import { levelOf } from './level.ts';

type DrivenSurroundings = Pick<DocumentSurroundings, 'clock' | 'troubled' | 'safe'>;

/**
 * A line as it is driven, in the sense of the config: what a write that failed means, and a descent to off that nothing
 * ends but a write that succeeds.
 */
export class DrivenOutput implements AsyncDisposable {
  readonly line: DigitalOutput;
  readonly #config: GpioOutConfig;
  readonly #surroundings: DrivenSurroundings;
  readonly #became: (on: boolean, wasOn: boolean) => void;
  #isOn: boolean;
  #hasTrouble = false;
  #descent: Disposable | undefined;

  /** `isOn`: as the line is driven now. `became`: it was driven so. */
  constructor(
    config: GpioOutConfig,
    line: DigitalOutput,
    isOn: boolean,
    surroundings: DrivenSurroundings,
    became: (on: boolean, wasOn: boolean) => void,
  ) {
    this.line = line;
    this.#config = config;
    this.#surroundings = surroundings;
    this.#became = became;
    this.#isOn = isOn;
  }

  /** As it was driven last. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** The last write failed: nobody knows the level. */
  get hasTrouble(): boolean {
    return this.#hasTrouble;
  }

  /** It will be off without any further command. */
  get isComingDown(): boolean {
    return this.#descent !== undefined;
  }

  drive(on: boolean): Result<void> {
    const written = this.line.write(levelOf(this.#config, on));
    if (!written.ok) this.#failed(written.error);
    else {
      this.#endDescent();
      this.#is(on);
      if (this.#hasTrouble) this.#surroundings.troubled(undefined);
      this.#hasTrouble = false;
    }
    return written;
  }

  /** Off. While that fails it is tried again every safeRetryMs; `done`, once it is off. */
  bringDown(done?: () => void): Result<void> {
    const driven = this.drive(false);
    if (!driven.ok && this.#isOn) this.bringDownIn(safeRetryMs, done);
    else done?.();
    return driven;
  }

  /** A level that is driven successfully before takes its place. */
  bringDownIn(delayMs: number, done?: () => void): void {
    this.#endDescent();
    this.#descent = this.#surroundings.clock.after(delayMs, () => this.bringDown(done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endDescent();
    await this.line[Symbol.asyncDispose]();
  }

  #endDescent(): void {
    this.#descent?.[Symbol.dispose]();
    this.#descent = undefined;
  }

  #is(on: boolean): void {
    const wasOn = this.#isOn;
    this.#isOn = on;
    this.#became(on, wasOn);
  }

  /** One try to bring the line to a level that is known. */
  #failed(error: DriverError): void {
    this.#hasTrouble = true;
    this.#surroundings.troubled(error);
    const action = safeAction('driver-fault', this.#config.safe);
    if (action.do !== 'drive' || !this.line.write(levelOf(this.#config, action.on)).ok) return;
    if (!action.on) this.#endDescent();
    this.#is(action.on);
    this.#surroundings.safe(`went ${action.on ? 'on' : 'off'}: driver-fault`);
  }
}
