import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { type Situation, safeAction } from '../../drivers/safe-state.ts';
import type { GpioOutConfig } from '../config/config.ts';
import { switchWaitsMax } from '../limits.ts';
import type { Refusal } from '../qn/reason.ts';
import { DrivenOutput } from './driven-output.ts';
import type { InterlockMember } from './interlock.ts';
import type { DocumentSurroundings, Effect, Inheritance, OpenDocument, Performed } from './kind.ts';
import { OnLimit } from './on-limit.ts';
import { closedOutputError, interlockedRefusal } from './switch-refusals.ts';
import { Waiting, type Wish } from './waiting.ts';

type SwitchSurroundings = Pick<
  DocumentSurroundings,
  'name' | 'clock' | 'log' | 'memory' | 'interlock' | 'inherited' | 'changed' | 'happened' | 'troubled' | 'safe'
>;

/**
 * An open output with its rules: shortest time between two changes, longest time on, interlock, safe states. Safe
 * states and giving way in an interlock do not wait for the shortest time; everything else does.
 */
export class Switch implements InterlockMember, Omit<OpenDocument, 'probe'> {
  readonly name: string;
  readonly #config: GpioOutConfig;
  readonly #driven: DrivenOutput;
  readonly #surroundings: SwitchSurroundings;
  readonly #limit: OnLimit | undefined;
  #isOpen = true;
  #changedMs: number;
  readonly #waiting: Waiting;
  #offlineTimer: Disposable | undefined;
  /** What it was for good before it went to its offline state, until somebody commands again. */
  #before: boolean | undefined;

  /** `isOn`: as the output is driven now. */
  constructor(config: GpioOutConfig, output: DigitalOutput, isOn: boolean, surroundings: SwitchSurroundings) {
    const { clock, memory, name } = surroundings;
    this.name = name;
    this.#config = config;
    this.#driven = new DrivenOutput(config, output, isOn, surroundings, (on, wasOn) => this.#became(on, wasOn));
    this.#surroundings = surroundings;
    this.#waiting = new Waiting(clock);
    this.#changedMs = clock.monotonicMs(); // Nobody knows whether opening was a change, so it counts as one.
    const { maxOnMs } = config;
    this.#limit = maxOnMs === undefined ? undefined : new OnLimit(clock, memory, maxOnMs, () => this.#limitOver());
    this.#before = surroundings.inherited?.before;
    this.#begin();
  }

  /** As it was driven last, in the sense of the config. */
  get isOn(): boolean {
    return this.#driven.isOn;
  }

  perform(effect: Effect): Performed | Promise<Performed> {
    if (!this.#isOpen) return fail(closedOutputError(this.#driven.line.resource));
    if (effect.do === 'set' && this.isImmediate(effect)) return this.#switch(effect.on);
    this.#giveWay('a command came');
    switch (effect.do) {
      case 'set':
        return this.#go({ on: effect.on });
      case 'toggle':
        return this.#go({ on: !this.isOn });
      case 'pulse':
        return this.#go({ on: true, forMs: effect.forMs });
      default:
        return ok(); // The plan of this kind makes no other.
    }
  }

  /** Where nothing is pending, no other output has a say, and its last change is long enough ago. */
  isImmediate(effect: Effect): boolean {
    if (effect.do !== 'set' || !this.#isOpen || this.#waiting.current !== undefined) return false;
    if (this.#surroundings.interlock !== undefined) return false;
    const { minDwellMs } = this.#config;
    if (effect.on === this.isOn || minDwellMs === 0) return true;
    return this.#surroundings.clock.monotonicMs() - this.#changedMs >= minDwellMs;
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
    const isThere = action.on === this.isOn && action.on === before;
    if (isThere || (action.on && this.#refusal() !== undefined)) return;
    const entered = () => {
      this.#before ??= before;
      this.#surroundings.safe(`went ${action.on ? 'on' : 'off'}: ${situation}`);
    };
    if (!action.on) this.#driven.bringDown(entered);
    else if (this.#driven.drive(true).ok) entered();
  }

  online(isOnline: boolean): void {
    const { offline } = this.#config.safe;
    this.#offlineTimer?.[Symbol.dispose]();
    this.#offlineTimer = undefined;
    if (offline === undefined || !this.#isOpen) return;
    if (!isOnline) {
      this.#offlineTimer = this.#surroundings.clock.after(offline.afterMs, () => this.enter('offline'));
    } else if (offline.restore && this.#before !== undefined) {
      void this.#go({ on: this.#before }); // What becomes of it, the state tells; nobody waits for it.
    }
  }

  yieldTo(name: string): boolean {
    this.#giveWay(`${name} went on instead`);
    if (this.isOn) this.#driven.bringDown();
    return !this.isOn;
  }

  handOver(): Inheritance | undefined {
    const { line, isOn, hasTrouble, isComingDown } = this.#driven;
    if (!this.#isOpen || hasTrouble || isComingDown || this.#waiting.current !== undefined) return undefined;
    this.#isOpen = false;
    for (const timer of [this.#offlineTimer, this.#limit]) timer?.[Symbol.dispose]();
    this.#surroundings.interlock?.release(this, false); // Whoever takes over asks for it again before anybody else can.
    const before = this.#before;
    return { output: line, isOn, ...(before !== undefined && { before }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#offlineTimer?.[Symbol.dispose]();
    const isPulse = this.#waiting.current?.isPulse === true || this.#driven.isComingDown;
    this.#giveWay('the agent stopped', { reason: 'interrupted', detail: 'the agent stopped meanwhile' });
    const action = safeAction('exit', this.#config.safe);
    if (action.do === 'drive') this.#driven.drive(action.on);
    else if (isPulse) this.#driven.drive(false); // Nobody is left who would end it.
    this.#isOpen = false;
    this.#limit?.[Symbol.dispose]();
    await this.#driven[Symbol.asyncDispose]();
  }

  /** The rules hold for the level it begins with, too. */
  #begin(): void {
    if (!this.isOn) return;
    const refusal = this.#refusal();
    const isKept = this.#config.safe.boot === 'hold' || this.#surroundings.inherited !== undefined;
    const leftMs = isKept ? this.#limit?.leftOfBefore() : undefined;
    this.#limit?.start(leftMs);
    if (refusal === undefined && leftMs !== 0) return;
    const detail = refusal?.detail ?? 'its longest time on is over';
    this.#surroundings.log.warn({ document: this.name, detail }, 'output found on is switched off');
    this.#driven.bringDown();
  }

  #go(wish: Wish, triesLeftCount = switchWaitsMax): Performed | Promise<Performed> {
    const waitMs = this.#waitMs(wish.on);
    if (!waitMs.ok) return waitMs;
    if (waitMs.value === 0) return this.#act(wish);
    if (triesLeftCount > 0)
      return this.#waiting.start({ wish, isPulse: false }, waitMs.value, () => this.#go(wish, triesLeftCount - 1));
    if (!this.isOn) this.#surroundings.interlock?.release(this, false);
    return fail({ reason: 'busy', detail: `${this.name} cannot change yet; send it again` });
  }

  #waitMs(on: boolean): Result<number, Refusal> {
    const { clock, interlock } = this.#surroundings;
    const dwellMs = on === this.isOn ? 0 : this.#changedMs + this.#config.minDwellMs - clock.monotonicMs();
    if (!on || interlock === undefined) return ok(Math.max(0, dwellMs));
    const passage = interlock.request(this, this.#config.interlock?.policy ?? 'refuse');
    return 'heldBy' in passage
      ? fail(interlockedRefusal(this.#config, passage.heldBy))
      : ok(Math.max(0, dwellMs, passage.waitMs));
  }

  #act(wish: Wish): Performed | Promise<Performed> {
    const driven = this.#switch(wish.on);
    if (!driven.ok || wish.forMs === undefined) return driven;
    return this.#waiting.start({ wish, isPulse: true }, wish.forMs, () => this.#driven.bringDown());
  }

  #switch(on: boolean): Result<void> {
    const driven = this.#driven.drive(on);
    if (!driven.ok) return driven;
    this.#before = undefined;
    this.#surroundings.safe(undefined);
    return driven;
  }

  #giveWay(detail: string, refusal?: Refusal): void {
    if (this.#waiting.current === undefined) return;
    if (!this.isOn) this.#surroundings.interlock?.release(this, false);
    this.#waiting.end(fail(refusal ?? { superseded: true, detail }));
  }

  #became(on: boolean, wasOn: boolean): void {
    const { clock, interlock, changed } = this.#surroundings;
    if (on !== wasOn) this.#changedMs = clock.monotonicMs();
    if (on) this.#limit?.start();
    else {
      this.#limit?.stop();
      interlock?.release(this, wasOn);
    }
    changed(on);
  }

  #limitOver(): void {
    this.#giveWay('its longest time on is over');
    this.#driven.drive(false); // What fails, the limit asks for again.
    if (!this.isOn) this.#surroundings.happened({ off: 'max-on' });
  }

  #refusal(): Refusal | undefined {
    const passage = this.#surroundings.interlock?.request(this, 'refuse');
    return passage !== undefined && 'heldBy' in passage ? interlockedRefusal(this.#config, passage.heldBy) : undefined;
  }
}
