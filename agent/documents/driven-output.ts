import type { DigitalOutput, Level } from '../../drivers/contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { safeAction } from '../../drivers/safe-state.ts';
import { isGone } from '../../drivers/system-error.ts';
import type { GpioOutConfig } from '../config/config.ts';
import { safeRetryMs } from '../limits.ts';
import type { DocumentSurroundings, LostOutput } from './kind.ts';
import { levelOf } from './level.ts';
import { Suspicion } from './read-back.ts';

export type SwitchSurroundings = Omit<
  DocumentSurroundings,
  'pool' | 'gpio' | 'pwm' | 'random' | 'openBytePort' | 'neighbour' | 'adopt'
>;

type DrivenSurroundings = Pick<SwitchSurroundings, 'clock' | 'troubled' | 'safe' | 'guard'>;

/** What the rules of an output have to do with its line. */
export interface LineRules {
  /** Whether it may go on at this moment, though nobody commanded it. */
  mayGoOn(): boolean;
  /** It was driven so. `wasOn` undefined: nobody knows what it was before. */
  became(on: boolean, wasOn: boolean | undefined): void;
}

/**
 * A line as it is driven, in the sense of the config: what a write that failed means, and a descent to off that nothing
 * ends but a write that succeeds.
 */
export class DrivenOutput implements AsyncDisposable {
  readonly line: DigitalOutput;
  readonly #config: GpioOutConfig;
  readonly #surroundings: DrivenSurroundings;
  readonly #rules: LineRules;
  #isOn: boolean;
  #isKnown = true;
  #changedMs: number;
  #hasTrouble = false;
  #descent: Disposable | undefined;
  #isPulse = false;
  #isOwedTold = false;
  #lostBy: DriverError | undefined;
  readonly #suspicion = new Suspicion();

  /** `isOn`: as the line is driven now. */
  constructor(
    config: GpioOutConfig,
    line: DigitalOutput,
    isOn: boolean,
    surroundings: DrivenSurroundings,
    rules: LineRules,
  ) {
    this.line = line;
    this.#config = config;
    this.#surroundings = surroundings;
    this.#rules = rules;
    this.#isOn = isOn;
    this.#changedMs = surroundings.clock.monotonicMs(); // Nobody knows whether opening was a change, so it counts as one.
    line.onLost?.((error) => this.#lose(error));
  }

  /** As it was driven last. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** False: it is off, for certain. */
  get mayBeOn(): boolean {
    return this.#isOn || !this.#isKnown;
  }

  /** The last write that was asked for failed. */
  get hasTrouble(): boolean {
    return this.#hasTrouble;
  }

  /** It will be off without any further command. */
  get isComingDown(): boolean {
    return this.#descent !== undefined;
  }

  /** It is to be off without any further command, now or in a moment. */
  get isOffOwed(): boolean {
    return this.#isPulse || this.isComingDown;
  }

  get lost(): LostOutput | undefined {
    return this.#lostBy && { error: this.#lostBy, mayBeOn: this.mayBeOn, isOffOwed: this.isOffOwed };
  }

  /** How long the shortest time between two changes still forbids this level; never to an emergency stop (QN-6.10b). */
  dwellLeftMs(on: boolean): number {
    const { priority, safe, minDwellMs } = this.#config;
    const isStop = priority === 'emergency' && on === (safe.crash === true);
    if (on === this.#isOn || isStop) return 0;
    return Math.max(0, this.#changedMs + minDwellMs - this.#surroundings.clock.monotonicMs());
  }

  drive(on: boolean): Result<void> {
    if (this.#lostBy !== undefined) return fail(this.#lostBy);
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

  /** The line against how it is driven. One that is gone is lost from here on. */
  probe(): Result<string> {
    if (this.#lostBy !== undefined) return fail(this.#lostBy);
    if (!this.line.supports.readBack) return ok('written, cannot be read back');
    const level = this.line.readBack();
    if (!level.ok && isGone(level.error)) this.#lose(level.error);
    if (!level.ok) return level;
    const driven = levelOf(this.#config, this.#isOn);
    return level.value === driven ? ok(`reads back ${driven}`) : fail(contradiction(this.line.resource, driven));
  }

  /** Tells a contradiction that lasts, and its end. Nothing is driven: nobody knows what that would do. */
  compare(): void {
    const probed = this.#hasTrouble ? undefined : this.probe();
    if (probed === undefined || this.#hasTrouble) return this.#suspicion.forget(); // The trouble was told, and counts more.
    const found = probed.ok ? undefined : probed.error;
    if (this.#suspicion.isNews(found)) this.#surroundings.troubled(found);
  }

  /** Off. While that fails it is tried again every safeRetryMs; `done`, once it is off. */
  bringDown(done?: () => void): Result<void> {
    const driven = this.drive(false);
    if (!driven.ok && this.mayBeOn) this.bringDownIn(safeRetryMs, done);
    else done?.();
    return driven;
  }

  /** A level that is driven successfully before takes its place. */
  bringDownIn(delayMs: number, done?: () => void): void {
    this.#descent?.[Symbol.dispose]();
    this.#descent = this.#surroundings.clock.after(delayMs, () => this.bringDown(done));
    this.#tellOwed();
  }

  /** A pulse began, or ended in whatever way. */
  pulse(isUnderWay: boolean): void {
    this.#isPulse = isUnderWay;
    this.#tellOwed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endDescent();
    await this.line[Symbol.asyncDispose]();
  }

  #endDescent(): void {
    this.#descent?.[Symbol.dispose]();
    this.#descent = undefined;
    this.#tellOwed();
  }

  #tellOwed(): void {
    const isOwed = this.isOffOwed;
    if (isOwed === this.#isOwedTold || this.#config.safe.crash !== 'hold') return;
    this.#isOwedTold = isOwed;
    this.#surroundings.guard?.pulsing(isOwed);
  }

  #is(on: boolean): void {
    const wasOn = this.#isKnown ? this.#isOn : undefined;
    if (on !== wasOn) this.#changedMs = this.#surroundings.clock.monotonicMs();
    this.#isOn = on;
    this.#isKnown = true;
    this.#rules.became(on, wasOn);
  }

  /** Nothing reaches the line any more: as it was last is all that anybody knows. */
  #lose(error: DriverError): void {
    if (this.#lostBy !== undefined) return;
    this.#lostBy = error;
    this.#hasTrouble = true;
    this.#surroundings.troubled(error);
  }

  /** Nobody knows the level now; one try to bring it to one that is known. */
  #failed(error: DriverError): void {
    if (isGone(error)) return this.#lose(error);
    this.#hasTrouble = true;
    this.#isKnown = false;
    this.#surroundings.troubled(error);
    const action = safeAction('driver-fault', this.#config.safe);
    if (action.do !== 'drive' || (action.on && !this.#rules.mayGoOn())) return;
    if (!this.line.write(levelOf(this.#config, action.on)).ok) return;
    if (!action.on) this.#endDescent();
    this.#is(action.on);
    this.#surroundings.safe(`went ${action.on ? 'on' : 'off'}: driver-fault`);
  }
}

export function closedOutputError(resource: string): DriverError {
  return { kind: 'closed', operation: 'write', resource, detail: 'the output was closed before' };
}

/** A short circuit, somebody else drives the line too, or the chip forgot what it was told. */
function contradiction(resource: string, driven: Level): DriverError {
  const detail = `driven ${driven}, reads back ${1 - driven}`;
  const fix =
    'look for a short circuit at this line, for another program or circuit that drives it, and whether its chip lost its power';
  return { kind: 'io', operation: 'read', resource, detail, fix };
}
