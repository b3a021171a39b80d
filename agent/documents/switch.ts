import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { type Situation, safeAction } from '../../drivers/safe-state.ts';
import type { GpioOutConfig } from '../config/config.ts';
import { onMsMin, switchWaitsMax } from '../limits.ts';
import type { Refusal } from '../qn/reason.ts';
import { ascend } from './ascent.ts';
import { closedOutputError, DrivenOutput, type SwitchSurroundings } from './driven-output.ts';
import type { InterlockMember } from './interlock.ts';
import { InterlockSeat } from './interlock-seat.ts';
import type { Effect, Inheritance, OpenDocument, Performed } from './kind.ts';
import { forgetLimit, OnLimit } from './on-limit.ts';
import { tooLate, Waiting, type Wish, wishOf } from './waiting.ts';

/**
 * An open output with its rules: shortest time between two changes, longest time on, interlock, safe states. Safe
 * states, an emergency stop and giving way in an interlock do not wait for the shortest time; everything else does.
 */
export class Switch implements InterlockMember, OpenDocument {
  readonly name: string;
  readonly line: string;
  readonly #config: GpioOutConfig;
  readonly #driven: DrivenOutput;
  readonly #surroundings: SwitchSurroundings;
  readonly #seat: InterlockSeat;
  readonly #limit: OnLimit | undefined;
  #isOpen = true;
  readonly #waiting: Waiting;
  #offlineTimer: Disposable | undefined;
  /** What it was for good before it went to its offline state, until somebody commands again. */
  #before: boolean | undefined;
  readonly lost = () => this.#driven.lost;
  readonly probe = () => this.#driven.probe();
  readonly compare = () => this.#driven.compare();

  /** `isOn`: as the output is driven now. */
  constructor(config: GpioOutConfig, output: DigitalOutput, isOn: boolean, surroundings: SwitchSurroundings) {
    this.name = surroundings.name;
    this.line = output.resource;
    this.#config = config;
    this.#driven = new DrivenOutput(config, output, isOn, surroundings, {
      mayGoOn: () => this.#seat.mayGoOn(),
      became: (on, wasOn) => this.#became(on, wasOn),
    });
    this.#seat = new InterlockSeat(surroundings.interlock, this, config);
    this.#surroundings = surroundings;
    this.#waiting = new Waiting(surroundings.clock, (isUnderWay) => this.#driven.pulse(isUnderWay));
    const { maxOnMs } = config;
    this.#limit =
      maxOnMs === undefined ? forgetLimit(surroundings) : new OnLimit(surroundings, maxOnMs, () => this.#limitOver());
    this.#before = surroundings.inherited?.before;
    this.#begin();
  }

  /** As it was driven last, in the sense of the config. */
  get isOn(): boolean {
    return this.#driven.isOn;
  }

  get mayBeOn(): boolean {
    return this.#driven.mayBeOn;
  }

  perform(effect: Effect, _taken?: () => void, isTooLate?: () => boolean): Performed | Promise<Performed> {
    if (!this.#isOpen) return fail(closedOutputError(this.#driven.line.resource));
    if (effect.do === 'set' && this.isImmediate(effect)) return this.#switch(effect.on);
    this.#giveWay('a command came');
    const wish = wishOf(effect, this.isOn);
    return wish === undefined ? ok() : this.#go({ ...wish, ...(isTooLate && { isTooLate }) }); // The plan of this kind makes no other.
  }

  /** Where nothing is pending, no other output has a say, and its last change is long enough ago. */
  isImmediate(effect: Effect): boolean {
    if (effect.do !== 'set' || !this.#isOpen || this.#waiting.current !== undefined) return false;
    return this.#surroundings.interlock === undefined && this.#driven.dwellLeftMs(effect.on) === 0;
  }

  /** Pulses give way to whatever comes; a command that still waits to switch on gives way to off. QN-4.6 */
  makeWay(next: Effect): void {
    const pending = this.#waiting.current;
    if (pending === undefined) return;
    const isOff = next.do === 'set' && !next.on;
    if (pending.wish.forMs === undefined && !(pending.wish.on && isOff)) return;
    if (pending.isPulse) {
      // If the next command comes to nothing after all, the pulse must end all the same.
      this.#driven.bringDownIn(Math.max(0, pending.untilMs - this.#surroundings.clock.monotonicMs()));
    }
    this.#giveWay('a later command came');
  }

  enter(situation: Situation): void {
    const action = safeAction(situation, this.#config.safe);
    if (action.do !== 'drive' || !this.#isOpen) return;
    // A pulse would have ended, and an off that still waits would have come.
    const before = this.isOn && this.#waiting.current === undefined && !this.#driven.isComingDown;
    this.#giveWay(`the output went to its ${situation} state`);
    if (action.on === before && action.on === this.mayBeOn) return;
    this.#before ??= before;
    if (action.on) this.#goOn(situation);
    else this.#driven.bringDown(() => this.#surroundings.safe(`went off: ${situation}`));
  }

  online(isOnline: boolean): void {
    const { offline } = this.#config.safe;
    this.#offlineTimer?.[Symbol.dispose]();
    this.#offlineTimer = undefined;
    if (offline === undefined || !this.#isOpen) return;
    if (!isOnline) {
      this.#offlineTimer = this.#surroundings.clock.after(offline.afterMs, () => this.enter('offline'));
      return;
    }
    if (this.#before === undefined) return;
    if (this.#waiting.current?.isSafeState) this.#giveWay('a broker is there again');
    if (!offline.restore || this.#waiting.current !== undefined) return; // A command that waits counts more.
    const restored = this.#go({ on: this.#before, isRestored: true }); // Nobody waits for it: the state tells.
    if (!(restored instanceof Promise) && !restored.ok) this.#before = undefined; // Nor ever later, unexpected.
  }

  yieldTo(name: string): boolean {
    this.#giveWay(`${name} went on instead`);
    this.#before = undefined;
    if (this.#isOpen && this.mayBeOn) this.#driven.bringDown();
    return !this.mayBeOn;
  }

  handOver(): Inheritance | undefined {
    const { line, isOn, hasTrouble, isComingDown } = this.#driven;
    if (!this.#isOpen || hasTrouble || isComingDown || this.#waiting.current !== undefined) return undefined;
    this.#isOpen = false;
    for (const timer of [this.#offlineTimer, this.#limit]) timer?.[Symbol.dispose]();
    const before = this.#before;
    return { output: line, isOn, ...(before !== undefined && { before }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#offlineTimer?.[Symbol.dispose]();
    const { isOffOwed, lost } = this.#driven;
    this.#giveWay('', lost?.error ?? { reason: 'interrupted', detail: 'the agent stopped meanwhile' });
    const action = safeAction('exit', this.#config.safe);
    if (lost !== undefined) this.#seat.letGo();
    else if (action.do === 'drive' && (!action.on || this.#seat.mayGoOn())) this.#driven.drive(action.on);
    else if (isOffOwed) this.#driven.drive(false); // Nobody is left who would end it.
    this.#isOpen = false;
    this.#limit?.[Symbol.dispose]();
    await this.#driven[Symbol.asyncDispose]();
  }

  /** The rules hold for the level it begins with, too. */
  #begin(): void {
    const { boot } = this.#config.safe;
    const isInherited = this.#surroundings.inherited !== undefined;
    if (!this.isOn) {
      this.#seat.begin();
      if (boot === true && !isInherited) this.#boot();
      return;
    }
    const free = this.#seat.ask();
    const isKept = boot === 'hold' || isInherited;
    const leftMs = isKept ? this.#limit?.leftOfBefore() : undefined;
    this.#limit?.start(leftMs);
    if (free.ok && leftMs !== 0) return;
    const detail = free.ok ? 'its longest time on is over' : free.error.detail;
    this.#surroundings.log.warn({ document: this.name, detail }, 'output found on is switched off');
    this.#driven.bringDown();
  }

  /** On where its group lets it; else it stays off, as nobody would expect it any more when the group is free. */
  #boot(): void {
    const free = this.#seat.ask();
    if (free.ok) return this.#goOn('boot');
    this.#surroundings.log.warn({ document: this.name, detail: free.error.detail }, 'output stays off at boot');
  }

  #goOn(situation: Situation): void {
    ascend({ seat: this.#seat, waiting: this.#waiting, goOn: () => this.#driveOn() }, (why) => {
      if (why !== undefined) this.#surroundings.safe(`did not go on: ${situation}, ${why}`);
      else if (situation !== 'boot') this.#surroundings.safe(`went on: ${situation}`);
    });
  }

  #go(wish: Wish, triesLeftCount = switchWaitsMax): Performed | Promise<Performed> {
    const waitMs = this.#waitMs(wish);
    if (!waitMs.ok) return waitMs;
    if (waitMs.value === 0) return this.#act(wish);
    if (triesLeftCount > 0)
      return this.#waiting.start({ wish, isPulse: false }, waitMs.value, () => this.#goLater(wish, triesLeftCount - 1));
    this.#seat.letGo();
    return fail({ reason: 'busy', detail: `${this.name} cannot change yet; send it again` });
  }

  /** It waited. */
  #goLater(wish: Wish, triesLeftCount: number): Performed | Promise<Performed> {
    if (wish.isTooLate?.() !== true) return this.#go(wish, triesLeftCount);
    this.#seat.letGo();
    return tooLate('it was not switched');
  }

  #waitMs({ on, isRestored }: Wish): Result<number, Refusal> {
    const dwellLeftMs = this.#driven.dwellLeftMs(on);
    if (!on) return ok(dwellLeftMs);
    const free = isRestored === true ? this.#seat.ask() : this.#seat.claim();
    return free.ok ? ok(Math.max(dwellLeftMs, free.value)) : free;
  }

  #act(wish: Wish): Performed | Promise<Performed> {
    const driven = this.#switch(wish.on);
    if (wish.forMs === undefined) return driven;
    if (driven.ok) return this.#waiting.start({ wish, isPulse: true }, wish.forMs, () => this.#driven.bringDown());
    if (!this.isOn && this.mayBeOn) this.#driven.bringDown(); // Perhaps only the answer was lost.
    return driven;
  }

  #switch(on: boolean): Result<void> {
    const driven = on ? this.#driveOn() : this.#driven.drive(false);
    if (!driven.ok) return driven;
    this.#before = undefined;
    this.#surroundings.safe(undefined);
    return driven;
  }

  /** An on whose answer was lost counts as on. */
  #driveOn(): Result<void> {
    const driven = this.#driven.drive(true);
    if (!driven.ok && this.mayBeOn) this.#limit?.start();
    return driven;
  }

  #giveWay(detail: string, refusal?: Refusal | DriverError): void {
    if (this.#waiting.current === undefined) return;
    this.#seat.letGo();
    this.#waiting.end(fail(refusal ?? { superseded: true, detail }));
  }

  #became(on: boolean, wasOn: boolean | undefined): void {
    if (on) this.#limit?.start();
    else {
      this.#limit?.stop();
      this.#seat.release(wasOn !== false);
    }
    this.#surroundings.changed(on);
  }

  #limitOver(): void {
    if (this.#waiting.isPulseEnding(onMsMin)) return this.#waiting.end(this.#driven.bringDown()); // It was as long as the limit.
    this.#giveWay('its longest time on is over');
    this.#driven.drive(false); // What fails, the limit asks for again.
    if (!this.mayBeOn) this.#surroundings.happened({ off: 'max-on' });
  }
}
