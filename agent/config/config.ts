import type { SerialSettings } from '../../drivers/contract/byte-port.ts';
import type { Bias, LineAddress } from '../../drivers/contract/digital.ts';
import type { Framing } from '../../drivers/framer.ts';
import type { PwmSafeStates, SafeStates } from '../../drivers/safe-state.ts';
import type { PoolProfileName } from '../limits.ts';
import type { LogLevel } from '../log.ts';
import type { Value } from '../qn/message.ts';
import type { OwnControl } from '../trust/control.ts';
import type { TrustedKey } from '../trust/token.ts';
import type { HomeAssistantConfig } from './home-assistant.ts';
import type { McuConfig } from './mcu-config.ts';

/** A board as the agent runs it: checked, defaults filled in, durations in ms, sizes in bytes. */
export interface Config {
  readonly node: string;
  /** Without `@`; every node is in `all` besides. */
  readonly groups: readonly string[];
  readonly mqtt: MqttConfig;
  readonly gpio: GpioConfig;
  readonly pool: { readonly profile: PoolProfileName };
  readonly documents: { readonly [name: string]: DocumentConfig };
  readonly bindings: readonly BindingConfig[];
  /** Query-Notify (QN-5.4) and diagnostics over HTTP; absent: off. */
  readonly http?: HttpConfig;
  /** Discovery for Home Assistant; absent: off. */
  readonly homeAssistant?: HomeAssistantConfig;
  /** How a new config is taken while the agent runs (QN-7). */
  readonly overAir: OverAirConfig;
  /** Whose signatures count. */
  readonly trust: { readonly keys: readonly TrustedKey[]; readonly control?: OwnControl };
  readonly health: { readonly intervalMs: number };
  readonly log: { readonly level: LogLevel; readonly environment: string };
  /** Folder for whatever must survive; the agent must be able to write there. */
  readonly stateFolder: string;
}

export interface MqttConfig {
  /** `qn/1`. */
  readonly root: string;
  /** At least one; highest weight first. */
  readonly brokers: readonly BrokerConfig[];
  readonly username?: string;
  readonly password?: Secret;
  /** Default: the node name. */
  readonly clientId: string;
  /** Which states of a notify are told: each one, or only the one it ends in. */
  readonly acks: 'all' | 'final';
  /** The encoding of what the agent says by itself; answers use the encoding of the question. */
  readonly encoding: 'json' | 'cbor';
  readonly keepaliveSeconds: number;
}

export interface BrokerConfig {
  /** `mqtt:`, `mqtts:`; host and port only. */
  readonly url: string;
  readonly weight: number;
  /** PEM files, read anew for every connection. */
  readonly ca?: string;
  readonly crl?: string;
  readonly cert?: string;
  readonly key?: Secret;
  /** The name the certificate must have, and that is asked for (SNI); absent: the host of the url. */
  readonly servername?: string;
  readonly alpn?: string;
  readonly minVersion?: '1.2' | '1.3';
  /** Publishes it takes at a time, where it cannot say so itself; absent: as it says, or any number. */
  readonly receiveMaximum?: number;
}

export interface OverAirConfig {
  readonly trust: 'keys' | 'none';
  /** So long a new config has to prove itself. */
  readonly verifyMs: number;
}

export interface HttpConfig {
  /** Path of a Unix socket. */
  readonly socket?: string;
  /** A name or address of the loopback; any other one only with a token. */
  readonly host: string;
  readonly port?: number;
  /** Commands are taken, too. */
  readonly isWritable: boolean;
  /** Every request over TCP must carry it. */
  readonly token?: Secret;
}

/** Never the secret itself (QN-7.4): where to read it when it is needed. */
export type Secret =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'env'; readonly name: string }
  /** A file that systemd gives to this service alone (LoadCredential=). */
  | { readonly from: 'credential'; readonly name: string };

export interface GpioConfig {
  readonly backend: 'auto' | 'gpiochip' | 'sysfs' | 'simulated';
  /** Only for `simulated`: the folder that is the board. Without it the lines live in memory. */
  readonly board?: string;
}

export interface DocumentCommon {
  /** Channel number of the compact form, 1–65535, unique. */
  readonly number?: number;
  readonly priority: 'normal' | 'emergency';
  /** Who may command it (QN-4.9): sources with `*`, `token:actuate`, `binding:any`. Absent: everybody. */
  readonly control?: readonly string[];
  /** What to do with a retained notify (QN-2.1). */
  readonly retained: 'refuse' | 'accept';
  /** What of its events waits while no broker takes them; absent: all of them. */
  readonly outbox?: 'latest' | 'drop';
  /** Absent: `journalDefault`. */
  readonly journal?: JournalConfig;
}

/** Exactly-once effect of the commands of a document (QN-4.2). */
export interface JournalConfig {
  /** Absent: it depends on what the command asks for. */
  readonly once?: boolean;
  /** What was under way when the agent died is done again. */
  readonly resume: boolean;
  /** What becomes of a command that ought to be journaled while the disk does not work. */
  readonly without: 'refuse' | 'act';
}

export const journalDefault: JournalConfig = { resume: false, without: 'refuse' };

export interface GpioOutConfig extends DocumentCommon {
  readonly driver: 'gpio-out';
  readonly line: LineAddress;
  readonly active: 'high' | 'low';
  /** What is driven when nobody commands. */
  readonly safe: SafeStates;
  /** Longest time on at a stretch; then it goes off by itself. */
  readonly maxOnMs?: number;
  /** Shortest time between two changes; 0 is none. */
  readonly minDwellMs: number;
  readonly interlock?: InterlockConfig;
}

/** At most one member of the group is on. */
export interface InterlockConfig {
  readonly group: string;
  /** What happens to a command for on while another member is on: refused, or that one goes off first. */
  readonly policy: 'refuse' | 'switch';
  /** From one member off to the next one on. */
  readonly deadTimeMs: number;
}

/** More than `ratePerS` × window edges within the window, and the line is let go of until a retry. */
export interface StormConfig {
  readonly ratePerS: number;
  readonly windowMs: number;
  /** First wait before it is tried again. */
  readonly retryMs: number;
}

interface InputCommon extends DocumentCommon {
  readonly line: LineAddress;
  readonly bias: Bias;
  /** The level must be stable this long before it counts; 0 is off. */
  readonly debounceMs: number;
  readonly storm: StormConfig;
}

export interface GpioInConfig extends InputCommon {
  readonly driver: 'gpio-in';
  readonly active: 'high' | 'low';
}

export interface GpioCounterConfig extends InputCommon {
  readonly driver: 'gpio-counter';
  /** Electrical: which change of the level counts. */
  readonly edge: 'rising' | 'falling' | 'both';
  readonly publishMsMin: number;
}

export interface PwmOutConfig extends DocumentCommon {
  readonly driver: 'pwm-out';
  readonly chip: string;
  readonly channel: number;
  readonly frequencyHz: number;
  /** What the value of full power is: 1, or 100 for percent. */
  readonly scale: 1 | 100;
  /** As parts of the period, 0 to 1. */
  readonly safe: PwmSafeStates;
}

export interface SerialConfig extends DocumentCommon {
  readonly driver: 'serial-line' | 'serial-raw' | 'serial-length' | 'serial-slip' | 'serial-cobs';
  /** A device path, `simulated:/path/of.sock`, or `usb:vendor:product:serial`. */
  readonly port: string;
  readonly settings: SerialSettings;
  readonly framing: Framing;
  /** Put behind every write; empty by default, so that what is sent comes out byte for byte. */
  readonly append: string;
  /** Silence that ends a half frame; also the cut of `serial-raw`. */
  readonly interByteMs: number;
  /** Longest frame accepted from the line. */
  readonly frameBytesMax: number;
}

/** A line with Modbus units on it. */
export interface ModbusBusConfig extends DocumentCommon {
  readonly driver: 'modbus-rtu';
  readonly port: string;
  readonly settings: SerialSettings;
  /** What a unit may take to answer, the time on the wire not counted. */
  readonly answerMs: number;
}

/** One value of a Modbus unit: `raw × scale + offset`. */
export interface ModbusRegisterConfig extends DocumentCommon {
  readonly driver: 'modbus-register';
  /** A document of this board with the driver modbus-rtu. */
  readonly bus: string;
  readonly unit: number;
  readonly table: 'holding' | 'input' | 'coil' | 'discrete';
  /** As on the wire, from 0. */
  readonly register: number;
  readonly type: 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'bool';
  /** Which of two registers comes first: the one with the high bits (big) or the other. */
  readonly wordOrder: 'big' | 'little';
  readonly scale: number;
  readonly offset: number;
  readonly pollMs: number;
  readonly isWritable: boolean;
  readonly unitOfMeasure?: string;
}

export type DocumentConfig =
  | GpioOutConfig
  | GpioInConfig
  | GpioCounterConfig
  | PwmOutConfig
  | SerialConfig
  | ModbusBusConfig
  | ModbusRegisterConfig
  | McuConfig;

/** Somebody else's topic as a notify (QN-2.2). */
export interface BindingConfig {
  /** A topic filter; wildcards allowed. */
  readonly on: string;
  /** RFC 6901, into a JSON payload; absent: the whole payload. */
  readonly select?: string;
  /** Picked value as text → value sent on; absent: passed on as it is. A value not in the map is refused. */
  readonly map?: { readonly [from: string]: Value };
  /** A document of this board. */
  readonly to: string;
}
