import type { BytePort, SerialSettings } from '../../drivers/contract/byte-port.ts';
import type { GpioBackend } from '../../drivers/contract/digital.ts';
import type { DriverError, Result } from '../../drivers/contract/result.ts';
import type { ModbusBus } from '../../drivers/modbus/bus.ts';
import type { ModbusRequest } from '../../drivers/modbus/request.ts';
import type { Clock } from '../clock.ts';
import type { DocumentConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** What a notify asks of a driver, decided before anything is touched. */
export type Effect =
  | { readonly do: 'set'; readonly on: boolean }
  /** Bytes for the wire, framing included. */
  | { readonly do: 'write'; readonly bytes: Uint8Array }
  /** `value`: what the document has once it is done. */
  | { readonly do: 'write-register'; readonly request: ModbusRequest; readonly value: number | boolean };

/** What the world looks like for a document while it is open. */
export interface DocumentSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly gpio: Result<GpioBackend>;
  /** 0 ≤ x < 1, for waits that must not be in step. */
  readonly random: () => number;
  openBytePort(resource: string, settings: SerialSettings): Promise<Result<BytePort>>;
  /** Another document of this board; one with a `bus` is opened after all that have none. */
  neighbour(name: string): Result<OpenDocument>;
  /** The document has this value now. Equal to the last one: nothing happens. */
  changed(value: Value): void;
  /** Something happened that is not a state: an edge, a line. */
  happened(value: Value): void;
  /** The driver failed by itself, or works again (undefined). */
  troubled(error: DriverError | undefined): void;
}

/** An open document. Disposal brings the line into its `exit` state and lets go of it. */
export interface OpenDocument extends AsyncDisposable {
  /** For the documents that are values of units on this bus. */
  readonly modbus?: ModbusBus;
  /**
   * One effect at a time. Synchronous where the driver is; then the state was told by `changed` before it returns.
   * After an error the state of the wire is unknown until the next effect succeeds.
   */
  perform(effect: Effect): Result<void> | Promise<Result<void>>;
  /** Asks the hardware without changing anything; for the self-test. */
  probe(): Result<string>;
}

/** One kind of document: how a value becomes an effect (pure), and how it is opened. */
export interface DocumentKind<Config extends DocumentConfig = DocumentConfig> {
  plan(config: Config, value: Value): Result<Effect, Refusal>;
  open(config: Config, surroundings: DocumentSurroundings): Promise<Result<OpenDocument>>;
}
