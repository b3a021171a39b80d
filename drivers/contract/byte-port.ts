import type { DriverError, Result } from './result.ts';

/**
 * A stream of bytes in both directions: a UART, a pty, a socket to a simulated device.
 *
 * For users: `write` resolves when the bytes were handed to the kernel in full; that the other side read them is not
 * promised. The caller must leave the buffer alone until then. One write at a time: a second one before the first
 * resolved fails with kind `busy`, and nothing of it is sent. Chunks arrive as the system cut them and carry no
 * meaning; the chunk belongs to the port and is valid only during the call.
 *
 * For implementers: after `onClosed` was called once, or after disposal, no data is delivered and every write fails with
 * kind `closed`. Disposal is idempotent and does not call the `onClosed` listener. A pending write ends with `closed`.
 */
export interface BytePort extends AsyncDisposable {
  /** As in the config: `/dev/ttyUSB0`, `simulated:/run/board/scale.sock`, `usb:0403:6001`. */
  readonly resource: string;
  /** One sentence for the log: what did not work though the port is open, or should be written in another way. */
  readonly warning?: string;
  /** Fails with kind `timeout` when the bytes could not be handed over within `timeoutMs`. */
  write(bytes: Uint8Array, timeoutMs: number): Promise<Result<void>>;
  /** One listener at a time. It must not throw. Bytes that arrive before a listener is set are dropped. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called at most once, when the port went away by itself, or in a moment if it did so before. One listener. */
  onClosed(listener: (error: DriverError) => void): void;
  /**
   * Sets these lines and leaves the others. Absent where no port of the kind has them; fails with kind `unsupported` where
   * this one has none, as a pty.
   */
  setModem?(lines: ModemLines): Promise<Result<void>>;
}

export interface SerialSettings {
  readonly baud: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  /** Set after opening; absent lines are left as the kernel sets them: on. */
  readonly modem?: ModemLines;
  /** Absent: nobody switches a direction, or the kernel does already, as its device tree says. */
  readonly rs485?: Rs485Settings;
}

/** Two wires for both directions: the driver of the port holds RTS while it sends. */
export interface Rs485Settings {
  /** Level of RTS while sending; the other one while receiving. */
  readonly rtsOnSend: boolean;
  /** From RTS to the first bit, and from the last bit to RTS. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** What is sent is received as well. */
  readonly echo: boolean;
}

export interface ModemLines {
  readonly dtr?: boolean;
  readonly rts?: boolean;
}

export const serialSettings8N1 = { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 } as const;
