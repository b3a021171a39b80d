import type { BytePort, SerialSettings } from '../../drivers/contract/byte-port.ts';
import type { DigitalOutput, GpioBackend } from '../../drivers/contract/digital.ts';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import type { DriverError, Result } from '../../drivers/contract/result.ts';
import type { ModbusBus } from '../../drivers/modbus/bus.ts';
import type { ModbusRequest } from '../../drivers/modbus/request.ts';
import type { Situation } from '../../drivers/safe-state.ts';
import type { Clock } from '../clock.ts';
import type { DocumentConfig } from '../config/config.ts';
import type { ChildConfig } from '../config/mcu-config.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { InterlockGroup } from './interlock.ts';
import type { Memory } from './memory-file.ts';

/**
 * What a notify asks of a driver, decided before anything is touched. `once`: doing it again is not the same as doing it
 * once (QN-4.2).
 */
export type Effect =
  | { readonly do: 'set'; readonly on: boolean }
  /** The other state than it has when its turn comes. */
  | { readonly do: 'toggle'; readonly once: true }
  /** On for so long, then off. */
  | { readonly do: 'pulse'; readonly forMs: number; readonly once: true }
  | { readonly do: 'count'; readonly count: number }
  /** Part of the period, 0 to 1. */
  | { readonly do: 'duty'; readonly duty: number }
  /** Bytes for the wire, framing included. */
  | { readonly do: 'write'; readonly bytes: Uint8Array }
  /** Of a channel of a microcontroller; null where it has no value. */
  | { readonly do: 'channel'; readonly value: null | boolean | number }
  | { readonly do: 'channel-toggle'; readonly once: true }
  | { readonly do: 'channel-pulse'; readonly forMs: number; readonly once: true }
  /** A microcontroller begins anew, in its bootloader or in its own program. */
  | { readonly do: 'restart'; readonly intoBootloader: boolean; readonly once: true }
  /** An order for the program of a microcontroller; one to write it is `once`, and goes on after a restart of the agent. */
  | { readonly do: 'firmware'; readonly order: { readonly [key: string]: Value }; readonly once: boolean }
  /** `value`: what the document has once it is done. */
  | { readonly do: 'write-register'; readonly request: ModbusRequest; readonly value: number | boolean };

/** A command that gave way to a later one, or to a safe state (QN-4.6). */
export interface Superseded {
  readonly superseded: true;
  /** By what. */
  readonly detail: string;
}

/**
 * The document is closed. Where the agent stops, the next life goes on with the command, under the same id (QN-7.8c). One that
 * is not journaled fails, and so does one whose document is closed for another config.
 */
export interface LeftOpen extends Refusal {
  readonly isLeft: true;
}

/** The ttl of the command ran out while the document had it wait: nothing was done (QN-4.2b). */
export interface TooLate extends Refusal {
  readonly isTooLate: true;
}

/** How an effect ended. A refusal: the driver was willing, the state of the board was not. */
export type Performed = Result<void, DriverError | Refusal | Superseded | LeftOpen | TooLate>;

/** Who goes on with an output should the agent die, or end and leave it on. */
export interface OutputGuard {
  /** A pulse began, or its output is off: it has to be ended. */
  pulsing(isUnderWay: boolean): void;
  /** So long the output may still be on; undefined: it is off. */
  limited(leftMs: number | undefined): void;
  /** The output went off now, and others of its interlock group are to wait for the dead time. */
  wentOff(): void;
}

/** What the world looks like for a document while it is open. */
export interface DocumentSurroundings {
  /** Of the document. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly gpio: Result<GpioBackend>;
  readonly pwm: PwmBackend;
  /** What this document is to remember over a restart. */
  readonly memory: Memory;
  /** For what is too large for that; absent: nothing goes to the disk. */
  readonly stateFolder?: string;
  /** Absent: the document opens its line itself. */
  readonly inherited?: Inheritance;
  /** It is opened off, whatever it was found with. */
  readonly isOffOwed?: true;
  /** Of the group this document is in. */
  readonly interlock?: InterlockGroup;
  /** 0 ≤ x < 1, for waits that must not be in step. */
  readonly random: () => number;
  openBytePort(resource: string, settings: SerialSettings): Promise<Result<BytePort>>;
  /** Once it resolves, a document is not to wait for its device any longer that others do not answer before; absent: never. */
  readonly patience?: Promise<void>;
  /** Aborted: the agent is to end, and a document is not to wait for its device at all; absent: never. */
  readonly ending?: AbortSignal;
  /** Another document of this board; one with a `bus` is opened after all that have none. */
  neighbour(name: string): Result<OpenDocument>;
  /** The document has this value now. Equal to the last one: nothing happens. */
  changed(value: Value): void;
  /** Something happened that is not a state: an edge, a line. `ageMs`: so long ago, where the device knows. */
  happened(value: Value, ageMs?: number): void;
  /** The driver failed by itself, or works again (undefined). */
  troubled(error: DriverError | undefined): void;
  /** A safe state took effect, and why; undefined: somebody commands again. */
  safe(why: string | undefined): void;
  /** Absent: nobody would go on with it. */
  readonly guard?: OutputGuard;
  /** A document that this one found by itself; undefined: its name is taken, or there are too many. */
  adopt(child: Child): Adopted | undefined;
}

/** A document that is not in the config, because only the device behind another one knows of it. */
export interface Child {
  /** Its parent's name, a dot, and one segment. */
  readonly name: string;
  readonly config: ChildConfig;
  plan(value: Value): Result<Effect, Refusal>;
  /** The board uses it until `Adopted` is disposed of, and may dispose of it first. */
  readonly document: OpenDocument;
}

/** The voice of a child. Disposal takes it off the board, with its retained state. */
export interface Adopted extends Disposable {
  changed(value: Value): void;
  happened(value: Value, ageMs?: number): void;
}

/** An open output that goes on under other rules, as it is driven now. */
export interface Inheritance {
  readonly output: DigitalOutput;
  readonly isOn: boolean;
  /** What it was before it went to its offline state, if it is in it. */
  readonly before?: boolean;
}

/** How an output was when its device went away. */
export interface LostOutput {
  readonly error: DriverError;
  readonly mayBeOn: boolean;
  /** In a pulse, say: it is to be off when it is there again. */
  readonly isOffOwed: boolean;
}

/** An open document. Disposal brings the line into its `exit` state and lets go of it. */
export interface OpenDocument extends AsyncDisposable {
  /** For the documents that are values of units on this bus. */
  readonly modbus?: ModbusBus;
  /** Its device is gone, as `troubled` was told: it is closed, and opened again when that is back. */
  lost?(): LostOutput | undefined;
  /**
   * One effect at a time. Synchronous where the driver is; then the state was told by `changed` before it returns.
   * After an error the state of the wire is unknown until the next effect succeeds. `taken`: where accepting is told
   * apart from having it (a Child), called when the device has the command. `isTooLate`: asked where the document has it
   * wait by its own rules, when it would act at last.
   */
  perform(effect: Effect, taken?: () => void, isTooLate?: () => boolean): Performed | Promise<Performed>;
  /** Whether `perform` would be done with it when it returns, as things stand; absent: no. */
  isImmediate?(effect: Effect): boolean;
  /** Another effect waits behind the one that is being performed, which may end early as superseded. */
  makeWay?(next: Effect): void;
  /** Brings an output into the state that the table of safe states has for this. */
  enter?(situation: Situation): void;
  /** Whether any broker can be reached. Called at every change, and once at the start with false. */
  online?(isOnline: boolean): void;
  /** Asks the hardware without changing anything; for the self-test. */
  probe(): Result<string>;
  /** An output: looks whether its line still is as it is driven, and tells by `troubled`. */
  compare?(): void;
  /** For its row in the health report, besides what every row has. */
  about?(): { readonly [key: string]: Value };
  /** Ends the document, but neither moves its line nor lets go of it; undefined: it cannot, and goes on. */
  handOver?(): Inheritance | undefined;
}

/** One kind of document: how a value becomes an effect (pure), and how it is opened. */
export interface DocumentKind<Config extends DocumentConfig = DocumentConfig> {
  plan(config: Config, value: Value): Result<Effect, Refusal>;
  open(config: Config, surroundings: DocumentSurroundings): Promise<Result<OpenDocument>>;
}
