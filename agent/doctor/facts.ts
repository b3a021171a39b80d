import type { DriverError } from '../../drivers/contract/result.ts';
import type { GpioSight } from '../../drivers/gpio-survey.ts';
import type { Config, Secret } from '../config/config.ts';
import type { ConfigFault } from '../config/fault.ts';
import type { LookedAt } from '../config/generations/looked-at.ts';
import type { KeptMemory } from '../health/kept-memory.ts';
import type { Mount } from '../health/mounts.ts';
import type { LinkError } from '../mqtt/link.ts';

/** What the doctor found out by looking; the checks judge it. What is absent could not be looked at. */
export interface Facts {
  readonly configuration: ConfigFacts;
  readonly user: UserFacts;
  readonly clock: ClockFacts;
  readonly power: PowerFacts;
  readonly code: CodeFacts;
  /** Absent: without a configuration nobody knows what to look at. */
  readonly board?: BoardFacts;
  /** Absent: no agent runs here, or it does not answer. */
  readonly agent?: AgentFacts;
  /** What the kernel keeps for the agent. Absent: as above, or it is not a service of the system. */
  readonly memory?: KeptMemory;
}

export interface ConfigFacts {
  readonly path: string;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** missing, unreadable, invalid; absent: it is sound. */
  readonly trouble?: 'missing' | 'unreadable' | 'invalid';
  /** Of what a start would run. Absent: there is none. */
  readonly hash?: string;
  readonly lookedAt?: LookedAt;
  /** Passwords, keys and certificates that cannot be read. */
  readonly secrets: readonly Pick<DriverError, 'resource' | 'kind' | 'detail' | 'fix'>[];
}

export interface UserFacts {
  readonly name: string;
  readonly isRoot: boolean;
  readonly groups: readonly string[];
}

export interface ClockFacts {
  readonly wallMs: number;
  readonly isPlausible: boolean;
  /** unknown: no service that we can ask. */
  readonly sync: 'synced' | 'unsynced' | 'unknown';
  readonly hasRtc: boolean;
}

/** The firmware of a Raspberry Pi: bits of get_throttled. Absent: not a Pi, or it does not tell. */
export interface PowerFacts {
  readonly throttled?: number;
}

export interface CodeFacts {
  /** undefined: the files are those that were built, or it runs from its sources. */
  readonly fault?: string;
}

export interface BoardFacts {
  readonly config: Config;
  readonly gpio: GpioSight;
  /** Who may open the first chip that this user may not. Absent: no group. */
  readonly gpioGroup?: string;
  readonly serial: readonly SerialFacts[];
  readonly brokers: readonly BrokerFacts[];
  readonly disk: DiskFacts;
  /** Starts of the agent within `restartWindowMs`, this boot of the machine. */
  readonly startsCount: number;
}

export interface SerialFacts {
  readonly document: string;
  /** As in the config. */
  readonly port: string;
  /** The device it is now; absent: not there. */
  readonly device?: string;
  readonly isOpenable: boolean;
  /** Who may open it. Absent: no group. */
  readonly group?: string;
  /** A name that stays, where the one in the config does not. */
  readonly stableName?: string;
  /** `picocom (pid 812)`; processes that have it open or locked, the agent and this program not among them. */
  readonly holders: readonly string[];
  /** The kernel, or a login, talks on it. */
  readonly isConsole: boolean;
}

export interface BrokerFacts {
  readonly url: string;
  readonly host: string;
  /** The code of a name that does not resolve. */
  readonly nameFault?: string;
  /** Why the one attempt failed; absent: it was let in. */
  readonly failure?: LinkError;
  /** What the broker does not let this node do. */
  readonly denied: readonly {
    readonly what: 'publish' | 'subscribe';
    readonly topic: string;
    readonly detail: string;
  }[];
  /** It makes slashes of the dots in topics. */
  readonly changesDots?: boolean;
  /** `mosquitto version 2.0.11`, where it says so. */
  readonly version?: string;
  readonly certificates: readonly CertificateFacts[];
}

export interface CertificateFacts {
  /** `of the broker`, or its file. */
  readonly whose: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

export interface DiskFacts {
  readonly folder: string;
  readonly freeBytes: number;
  readonly isOutOfInodes: boolean;
  readonly mount?: Mount;
  /** It is there, and belongs neither to root nor to the user who looks: most likely to that of the agent. */
  readonly isForeign?: boolean;
  /** In the folder, and of another user than that: as after `sudo qn-agent run`. */
  readonly stray?: string;
  /** The code of an attempt to write; absent: it can be written. */
  readonly writeFault?: string;
}

/** What a running agent says of itself: its health report, and who it is. */
export interface AgentFacts {
  readonly pid: number;
  readonly configHash: string;
  readonly health: { readonly [key: string]: unknown };
}

/** Where a password is, for a command that writes it. */
export function placeOf(secret: Secret | undefined): string | undefined {
  return secret?.from === 'file' ? secret.path : undefined;
}
