import type { MonotonicClock } from '../clock.ts';
import { type DriverError, fail, type Result } from '../contract/result.ts';
import { modbusCommandsCountMax, modbusPauseMsMin } from '../limits.ts';
import { closedError, driverError } from '../system-error.ts';
import { type Breaker, freshBreaker, mayAsk, stepBreaker } from './breaker.ts';
import type { ModbusRequest } from './request.ts';
import type { Transaction } from './rtu-master.ts';

type Answer = Result<readonly number[]>;

/** What the bus needs of a master: one request at a time, and its end. */
export interface Transactor {
  transact(unit: number, request: ModbusRequest): Promise<Transaction>;
}

export interface PollOptions {
  readonly unit: number;
  readonly request: ModbusRequest;
  readonly everyMs: number;
  /** After each try, and each time it was left out because the unit is left alone. Must not throw. */
  tell(answer: Answer): void;
}

interface Poll extends PollOptions {
  dueMs: number;
}

interface Command {
  readonly unit: number;
  readonly request: ModbusRequest;
  readonly isWanted: () => boolean;
  readonly end: (answer: Answer | undefined) => void;
}

/**
 * Shares one line among the units on it. Commands and polls take turns; of the polls the one that waits longest comes
 * first, and a poll that is late is not made up for. A unit that does not answer is not polled for a moment, and then left
 * alone for a while, so that it does not slow down the others; what is asked of it then fails at once. A poll that failed
 * comes again soon, however rare it is.
 */
export class ModbusBus implements Disposable {
  readonly #resource: string;
  readonly #clock: MonotonicClock;
  readonly #master: Transactor;
  readonly #polls = new Set<Poll>(); // One per document at most.
  readonly #commands: Command[] = []; // At most modbusCommandsCountMax; over it: refuse `busy`.
  readonly #breakers = new Map<number, Breaker>(); // One per unit, 247 at most.
  #timer: Disposable | undefined;
  #isBusy = false;
  #isDisposed = false;
  #wasCommand = false;

  constructor(resource: string, clock: MonotonicClock, master: Transactor) {
    this.#resource = resource;
    this.#clock = clock;
    this.#master = master;
  }

  /** Asks at once and then every `everyMs`, until it is disposed of. */
  poll(options: PollOptions): Disposable {
    const poll: Poll = { ...options, dueMs: this.#clock.monotonicMs() };
    this.#polls.add(poll);
    this.#kick();
    return { [Symbol.dispose]: () => void this.#polls.delete(poll) };
  }

  /** `isWanted` is asked when its turn comes. Undefined: it was not wanted any more, and the unit was not asked. */
  perform(unit: number, request: ModbusRequest, isWanted = () => true): Promise<Answer | undefined> {
    if (this.#isDisposed) return Promise.resolve(fail(closedError('ask', this.#resource)));
    const refused = this.#refusal(unit);
    if (refused !== undefined) return Promise.resolve(fail(refused));
    return new Promise((end) => {
      this.#commands.push({ unit, request, isWanted, end });
      this.#kick();
    });
  }

  /** Some unit did not answer when it was asked last, and takes time that the others wait. */
  get isSlowedDown(): boolean {
    return [...this.#breakers.values()].some(({ failuresCount }) => failuresCount > 0);
  }

  /** Commands that wait end with `closed`; the one under way ends when its transaction does. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.[Symbol.dispose]();
    this.#polls.clear();
    for (const { end } of this.#commands.splice(0)) end(fail(closedError('ask', this.#resource)));
  }

  #refusal(unit: number): DriverError | undefined {
    const paused = this.#pausedError(unit);
    if (paused !== undefined || this.#commands.length < modbusCommandsCountMax) return paused;
    const detail = `${modbusCommandsCountMax} commands wait for their turn already`;
    return driverError('busy', { operation: 'ask', resource: this.#resource }, detail);
  }

  #kick(): void {
    if (this.#isBusy || this.#isDisposed) return;
    this.#timer?.[Symbol.dispose]();
    const poll = this.#duePoll();
    const command = this.#wasCommand && poll !== undefined ? undefined : this.#nextCommand();
    this.#wasCommand = command !== undefined;
    if (command !== undefined) void this.#ask(command.unit, command.request, command.end);
    else if (poll !== undefined) void this.#ask(poll.unit, poll.request, (answer) => this.#endPoll(poll, answer));
    else this.#sleep();
  }

  #nextCommand(): Command | undefined {
    let command = this.#commands.shift();
    while (command?.isWanted() === false) {
      command.end(undefined);
      command = this.#commands.shift();
    }
    return command;
  }

  async #ask(unit: number, request: ModbusRequest, end: (answer: Answer) => void): Promise<void> {
    this.#isBusy = true;
    // Again: what was asked before may have shown that the unit is dead.
    const paused = this.#pausedError(unit);
    const answer = paused === undefined ? await this.#transact(unit, request) : fail(paused);
    this.#isBusy = false;
    end(answer);
    this.#kick();
  }

  async #transact(unit: number, request: ModbusRequest): Promise<Answer> {
    const { end, result } = await this.#master.transact(unit, request);
    if (end === 'unsent') return result; // That is the port, not the unit.
    const breaker = stepBreaker(this.#breakerOf(unit), end === 'answered', this.#clock.monotonicMs());
    this.#breakers.set(unit, breaker);
    return result;
  }

  #endPoll(poll: Poll, answer: Answer): void {
    const nowMs = this.#clock.monotonicMs();
    const nextMs = Math.max(poll.dueMs + poll.everyMs, nowMs);
    poll.dueMs = answer.ok ? nextMs : Math.min(nextMs, nowMs + modbusPauseMsMin);
    if (this.#polls.has(poll)) poll.tell(answer);
  }

  /** The poll that is due for longest; those of units that are left alone are put off and told so. */
  #duePoll(): Poll | undefined {
    const nowMs = this.#clock.monotonicMs();
    const due = [...this.#polls]
      .filter(({ dueMs }) => dueMs <= nowMs)
      .toSorted((left, right) => left.dueMs - right.dueMs);
    for (const poll of due) {
      const paused = this.#pausedError(poll.unit);
      const { resumeMs, restMs } = this.#breakerOf(poll.unit);
      if (paused === undefined && restMs <= nowMs) return poll;
      if (paused === undefined) continue;
      poll.dueMs = resumeMs;
      poll.tell(fail(paused));
    }
    return undefined;
  }

  #sleep(): void {
    const nextMs = Math.min(
      ...[...this.#polls].map(({ unit, dueMs }) => Math.max(dueMs, this.#breakerOf(unit).restMs)),
    );
    if (!Number.isFinite(nextMs)) return;
    const delayMs = Math.max(0, nextMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(delayMs, () => this.#kick());
  }

  #breakerOf(unit: number): Breaker {
    return this.#breakers.get(unit) ?? freshBreaker;
  }

  #pausedError(unit: number): DriverError | undefined {
    if (mayAsk(this.#breakerOf(unit), this.#clock.monotonicMs())) return undefined;
    const failed = {
      operation: 'ask',
      resource: `${this.#resource} unit ${unit}`,
      fixes: { timeout: 'check power, wiring, unit number, baud rate and parity' },
    };
    const detail = 'it does not answer, and is left alone for a while so that the others are not slowed down';
    return driverError('timeout', failed, detail);
  }
}
