import type { SerialSettings } from '../../drivers/contract/byte-port.ts';
import type { LineAddress } from '../../drivers/contract/digital.ts';
import type { DocumentCommon } from './config.ts';

/** A microcontroller on a serial line; its channels are documents of their own. */
export interface McuConfig extends DocumentCommon {
  readonly driver: 'mcu';
  readonly port: string;
  readonly settings: SerialSettings;
  /** Without a sign of the agent for so long the microcontroller puts its outputs into their safe state. */
  readonly watchdogMs: number;
  readonly reset?: ResetConfig;
  readonly boot?: ControlLineConfig;
  readonly safe: {
    /** When the agent stops in good order: at once, or when the watchdog over there notices. */
    readonly exit: 'safe' | 'hold';
    /** Without any broker for so long. `restore`: comes back with the connection, else by the next command. */
    readonly offline?: { readonly afterMs: number; readonly restore: boolean };
  };
  /** Absent: its program is not written from here. */
  readonly update?: McuUpdateConfig;
  /** What is known of channels before the firmware tells them, by the last segment of their name. */
  readonly channels: { readonly [name: string]: DocumentCommon };
}

export interface ControlLineConfig {
  readonly line: LineAddress;
  readonly active: 'high' | 'low';
}

interface ResetTiming {
  readonly pulseMs: number;
  /** A microcontroller that is away for so long is reset by itself; absent: never. */
  readonly afterMs?: number;
}

/** A GPIO line to its reset pin, or a modem line of its own serial port, as on an Arduino Uno. */
export type ResetConfig = ResetTiming & (ControlLineConfig | { readonly over: ResetModemLine });
export type ResetModemLine = 'dtr' | 'rts';

/** A document that was found, not configured: a channel of a microcontroller. */
export interface ChildConfig extends DocumentCommon {
  readonly driver: 'mcu-channel';
}

/** How the program of a microcontroller is written. */
export interface McuUpdateConfig {
  readonly over: 'stk500' | 'smp';
  /** With stk500. */
  readonly part: 'atmega328p' | 'atmega328' | 'atmega168';
  /** With smp. */
  readonly framing: 'console' | 'raw';
  /** With smp: what the new program must do to be kept. */
  readonly health: 'link' | 'echo';
  /** Images must be for it. */
  readonly hardware?: string;
  /** Certificates to trust for downloads, instead of those of the system. */
  readonly ca?: string;
}
