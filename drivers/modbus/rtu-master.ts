import type { MonotonicClock } from '../clock.ts';
import { pause } from '../clock.ts';
import type { SerialSettings } from '../contract/byte-port.ts';
import { type DriverError, type DriverErrorKind, fail, ok, type Result } from '../contract/result.ts';
import { modbusSilenceMsMin } from '../limits.ts';
import { closedError, driverError } from '../system-error.ts';
import { answerBytes, encodeRequest, findAnswer, isRead, type ModbusRequest } from './request.ts';

/** answered: also by a refusal · silent: nothing sound came · unsent: the port did not take it, or went away. */
export interface Transaction {
  readonly end: 'answered' | 'silent' | 'unsent';
  readonly result: Result<readonly number[]>;
}

export interface RtuMasterDependencies {
  readonly clock: MonotonicClock;
  write(bytes: Uint8Array, timeoutMs: number): Promise<Result<void>>;
  /** Holds what came since the request; modbusFrameBytesMax bytes. Stays the caller's. */
  readonly buffer: Uint8Array;
}

export interface RtuMasterOptions {
  /** For errors: the port. */
  readonly resource: string;
  readonly settings: SerialSettings;
  /** From the end of the request on the wire to the end of the answer, less its own time on the wire. */
  readonly answerMs: number;
}

/**
 * A Modbus RTU master: one request at a time, and its answer. Frames are parted by a silence of 3.5 characters.
 *
 * Errors: `timeout` when nothing whole came in time · `io` when what came was damaged, or the unit failed · `closed` when
 * the port went away · what a unit's exception means else. After an error of a write it is unknown whether it was done.
 *
 * A line may hear itself. A unit answers the write of one coil or register with the very bytes of the request: what comes
 * first is no answer there. Reads show which kind of line it is; until one was answered the settings say so.
 *
 * Not promised: an answer that comes after its time can pass for that of the next request, if that one asks the same unit
 * for as much of the same kind: it does not say which register it is of. That is why the bus lets a unit rest.
 */
export class RtuMaster {
  readonly #dependencies: RtuMasterDependencies;
  readonly #options: RtuMasterOptions;
  readonly #characterMs: number;
  #usedBytes = 0;
  #droppedBytes = 0;
  /** Behind our own request in what came; 0: it was not heard. */
  #echoEnd = 0;
  #hearsItself: boolean;
  #activeMs = Number.NEGATIVE_INFINITY;
  #arrived: (() => void) | undefined;
  #lost: (() => void) | undefined;

  constructor(dependencies: RtuMasterDependencies, options: RtuMasterOptions) {
    const { baud, dataBits, parity, stopBits, rs485 } = options.settings;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#hearsItself = rs485?.echo === true;
    this.#characterMs = ((1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) * 1_000) / baud;
  }

  /** The port was opened. A unit may be about to answer who had it before: this agent with another config, or before a crash. */
  begin(): void {
    this.#activeMs = this.#dependencies.clock.monotonicMs() + this.#options.answerMs;
  }

  /** Bytes came in. Too many for an answer are dropped. */
  receive(chunk: Uint8Array): void {
    const { buffer, clock } = this.#dependencies;
    const taken = chunk.subarray(0, buffer.byteLength - this.#usedBytes);
    buffer.set(taken, this.#usedBytes);
    this.#usedBytes += taken.byteLength;
    this.#droppedBytes += chunk.byteLength - taken.byteLength;
    this.#activeMs = clock.monotonicMs();
    this.#arrived?.();
  }

  /** The port went away: the answer that is awaited will not come. */
  lose(): void {
    this.#lost?.();
  }

  /** The caller sees to it that there is never a second one before the first has ended. */
  async transact(unit: number, request: ModbusRequest): Promise<Transaction> {
    const { clock, write } = this.#dependencies;
    const frame = encodeRequest(unit, request);
    const requestMs = frame.byteLength * this.#characterMs;
    await this.#silence();
    this.#forget();
    const written = await write(frame, this.#options.answerMs + 2 * requestMs);
    if (!written.ok) return { end: 'unsent', result: written };
    const allowedMs = this.#options.answerMs + requestMs + answerBytes(request) * this.#characterMs;
    const answer = await this.#answer(unit, request, frame, allowedMs);
    this.#activeMs = clock.monotonicMs();
    return answer;
  }

  #answer(unit: number, request: ModbusRequest, frame: Uint8Array, allowedMs: number): Promise<Transaction> {
    return new Promise((resolve) => {
      const end = (transaction: Transaction) => {
        this.#arrived = undefined;
        this.#lost = undefined;
        deadline[Symbol.dispose]();
        resolve(transaction);
      };
      const late = () => end({ end: 'silent', result: fail(this.#lateError(unit, request)) });
      const deadline = this.#dependencies.clock.after(allowedMs, late);
      this.#lost = () => end({ end: 'unsent', result: fail(closedError('ask', this.#options.resource)) });
      this.#arrived = () => {
        if (isRead(request) || this.#hearsItself) this.#passEcho(frame);
        const answer = findAnswer(unit, request, this.#received());
        if (answer.is === 'nothing') return;
        if (isRead(request)) this.#hearsItself = this.#echoEnd > 0;
        const isRefusal = answer.is === 'exception';
        const result = isRefusal ? fail(this.#exceptionError(unit, request, answer.exception)) : ok(answer.values);
        end({ end: 'answered', result });
      };
    });
  }

  async #silence(): Promise<void> {
    const { clock } = this.#dependencies;
    const silenceMs = Math.max(modbusSilenceMsMin, 3.5 * this.#characterMs);
    const leftMs = this.#activeMs + silenceMs - clock.monotonicMs();
    if (leftMs > 0) await pause(clock, leftMs);
  }

  #passEcho(frame: Uint8Array): void {
    if (this.#echoEnd > 0) return;
    const index = Buffer.from(this.#received()).indexOf(frame);
    if (index < 0) return;
    this.#echoEnd = index + frame.byteLength;
    this.#hearsItself = true;
  }

  #received(): Uint8Array {
    return this.#dependencies.buffer.subarray(this.#echoEnd, this.#usedBytes);
  }

  #forget(): void {
    this.#usedBytes = 0;
    this.#droppedBytes = 0;
    this.#echoEnd = 0;
  }

  #lateError(unit: number, request: ModbusRequest): DriverError {
    const cameBytes = this.#usedBytes - this.#echoEnd + this.#droppedBytes;
    const what = `${describeRequest(request)}: no answer within ${this.#options.answerMs} ms`;
    if (cameBytes === 0) {
      const fixes = { timeout: 'check power, wiring (A and B swapped?), unit number, baud rate and parity' };
      return driverError('timeout', { ...this.#failed(unit), fixes }, what);
    }
    const fixes = { io: 'check baud rate, parity, termination and that only one master is on the bus' };
    const detail = `${describeRequest(request)}: ${cameBytes} bytes came, and no sound answer in them`;
    return driverError('io', { ...this.#failed(unit), fixes }, detail);
  }

  #exceptionError(unit: number, request: ModbusRequest, exception: number): DriverError {
    const [kind, meaning] = exceptions.get(exception) ?? ['io', 'a code of its own'];
    const detail = `${describeRequest(request)}: refused with exception ${exception}, ${meaning}`;
    return driverError(kind, { ...this.#failed(unit), fixes: exceptionFixes }, detail);
  }

  #failed(unit: number) {
    return { operation: 'ask', resource: `${this.#options.resource} unit ${unit}` };
  }
}

/** MODBUS application protocol V1.1b3, 7 */
const exceptions: ReadonlyMap<number, readonly [DriverErrorKind, string]> = new Map([
  [1, ['unsupported', 'illegal function']],
  [2, ['absent', 'illegal data address']],
  [3, ['out-of-range', 'illegal data value']],
  [4, ['io', 'device failure']],
  [5, ['busy', 'acknowledged, still working on it']],
  [6, ['busy', 'device busy']],
  [8, ['io', 'memory parity error']],
  [10, ['absent', 'no path through the gateway']],
  [11, ['timeout', 'no answer from behind the gateway']],
]);

const exceptionFixes = {
  unsupported: 'the unit does not know this function; see its manual for the table of this register',
  absent: 'the unit has no such register; some manuals count from 1, or from 40001',
};

function describeRequest(request: ModbusRequest): string {
  return `function ${request.code} at 0x${request.address.toString(16).padStart(4, '0')}`;
}
