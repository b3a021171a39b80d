/**
 * Every bound of the agent, unit last in its name. test/agent/limits.test.ts asserts how they relate.
 * What happens when a bound is met is written beside it: refuse, drop-oldest, or wait-with-deadline.
 */

/** Largest message in or out, before decoding (QN-3.5). Over it: refuse `too-large`. The pool may lower it. */
export const messageBytesMax = 65_536;
/** Nesting of arrays and maps in a message, the message itself being level 1. Over it: refuse `malformed`. */
export const messageDepthMax = 16;

export const topicBytesMax = 512;
/** QN-1.3. */
export const documentNameBytesMax = 128;
export const documentSegmentsMax = 8;
export const documentsMax = 256;
export const groupsMax = 16;
export const bindingsMax = 128;
export const brokersMax = 8;

/** Commands waiting behind a busy document. Over it: refuse `busy`. */
export const documentQueueCountMax = 16;

/** Fixed window of (source, id) pairs that are recognised as duplicates. When full: forget the oldest. */
export const recentCommandsCount = 1_024;

/** One turn of the dispatch loop, then the event loop gets its share. */
export const dispatchTurnMessagesMax = 64;
export const dispatchTurnMsMax = 4;

/** Publishes handed to MQTT.js and not yet acknowledged; the rest waits in the outbox. */
export const sendWindowCount = 16;

export const reconnectDelayMsMin = 100;
export const reconnectDelayMsMax = 30_000;
/** CONNECT to CONNACK, and SUBSCRIBE to SUBACK. */
export const connectTimeoutMs = 10_000;
export const keepaliveSeconds = 30;
/** A connection that held so long starts the next back-off afresh; one that broke earlier goes on growing it. */
export const stableConnectionMs = 5_000;
/** Failed connects to a broker known to speak 3.1.1, after which MQTT 5 is tried again. */
export const protocolRetryCount = 20;
/** One address of a broker's name gets this long before the next one is tried; a mobile network needs seconds. */
export const addressAttemptMs = 2_500;
/** MQTT 5 only: messages the broker may send before we acknowledged. Over it: the broker waits. */
export const receiveWindowCount = 64;
/**
 * MQTT 5 only: the largest packet the broker may send. Far above messageBytesMax, so that a message somewhat too large
 * still arrives and is refused with a reason. Over it: the broker drops the message.
 */
export const inboundPacketBytesMax = 262_144;
/** The in-process broker. Over it: refuse, the publish fails. */
export const memoryBrokerRetainedCountMax = 1_024;
/** Messages on their way to one client of the in-process broker. Over it: drop the newest. */
export const memoryLaneCountMax = 1_024;
/** What a client of the in-process broker remembers. Over it: drop-oldest. */
export const memoryClientArrivedCountMax = 4_096;
/** A clean goodbye (offline message and DISCONNECT) may take so long; then the socket is cut. */
export const shutdownMsMax = 2_000;

export const serialWriteTimeoutMsMin = 1_000;
/** Silence after which a started, unfinished frame is thrown away and counted. */
export const serialInterByteMsDefault = 500;

export const healthIntervalMsDefault = 60_000;

/** Who may hold slots of the pool, and how many. The sum is the slab: nobody can take another's share. */
export interface SlotQuota {
  /** Arrived, waiting for the dispatch loop. Over it: refuse `overloaded`. */
  readonly inbound: number;
  /** Being performed, or waiting behind a busy document. Over it: refuse `overloaded`. */
  readonly executing: number;
  /** Encoded, waiting for the broker. Over it: drop-oldest, counted. */
  readonly outbox: number;
  /** A half-received frame, one per serial line. Over it: the line does not open. */
  readonly framer: number;
}

export type SlotHolder = keyof SlotQuota;

export interface SlabLimits {
  readonly payloadBytes: number;
  readonly quota: SlotQuota;
}

/** Two sizes of slots: many small ones for the stream of commands, a few that hold the largest message. */
export interface PoolLimits {
  readonly small: SlabLimits;
  readonly large: SlabLimits;
}

/** 16 bytes of header and 4 of tail canary around every payload; see pool/slab.ts. */
export const slotOverheadBytes = 20;

export const poolBytesMax = 2 * 1_024 * 1_024;

export const poolProfiles = {
  standard: {
    small: { payloadBytes: 1_024, quota: { inbound: 160, executing: 64, outbox: 256, framer: 16 } },
    large: { payloadBytes: messageBytesMax, quota: { inbound: 8, executing: 4, outbox: 6, framer: 4 } },
  },
  /** At most 48 KiB in all, for boards that have little: messages up to 4 KiB. */
  tiny: {
    small: { payloadBytes: 512, quota: { inbound: 12, executing: 6, outbox: 16, framer: 2 } },
    large: { payloadBytes: 4_096, quota: { inbound: 2, executing: 1, outbox: 2, framer: 1 } },
  },
} as const satisfies Record<string, PoolLimits>;

export type PoolProfileName = keyof typeof poolProfiles;

export function poolSlots(quota: SlotQuota): number {
  return quota.inbound + quota.executing + quota.outbox + quota.framer;
}

export function poolBytes(limits: PoolLimits): number {
  const slabs = [limits.small, limits.large];
  return slabs.reduce((sum, slab) => sum + poolSlots(slab.quota) * (slab.payloadBytes + slotOverheadBytes), 0);
}

/** One config file. Over it: refuse the config. */
export const configFileBytesMax = 262_144;
/** The main file and its conf.d together. Over it: refuse the config. */
export const configFilesMax = 64;
/** Maps and lists inside each other in a config file. Over it: refuse the config. */
export const configDepthMax = 32;
/** Keys, items and values of one config file, with every alias written out. Over it: refuse the config. */
export const configNodesMax = 20_000;
/** Faults told at a time; the last one then says how many more there are. */
export const configFaultsMax = 100;
/** Syntax errors told per file: what comes behind the first few is mostly their echo. */
export const configSyntaxFaultsMax = 10;
/** A password or a key file. Over it: refuse to read it. */
export const secretBytesMax = 65_536;

/** So that root, target, verb and document together stay below topicBytesMax. */
export const topicRootBytesMax = 128;
export const clientIdBytesMax = 128;
export const keepaliveSecondsMin = 5;
export const keepaliveSecondsMax = 65_535;
export const bindingMapEntriesMax = 64;
export const channelNumberMax = 65_535;
export const lineNameBytesMax = 31;
export const lineOffsetMax = 65_535;
export const debounceMsMax = 10_000;
export const baudMin = 50;
export const baudMax = 4_000_000;
export const serialFrameBytesDefault = 1_024;
export const serialDelimiterBytesMax = 16;
export const serialInterByteMsMin = 1;
export const serialInterByteMsMax = 60_000;
/** Silence that ends a frame of serial-raw. */
export const serialRawCutMsDefault = 20;
export const healthIntervalMsMin = 1_000;
export const healthIntervalMsMax = 86_400_000;

/** Several brokers. Each that is not in use, and the way to the one in use, is asked so often, ± the jitter. */
export const brokerProbeMs = 5_000;
export const brokerProbeJitterRatio = 0.1;
/** An answer that takes longer is a miss. */
export const brokerProbeTimeoutMs = 800;
/** Misses in a row, after which a broker is taken for dead. */
export const brokerProbeMissesMax = 3;
/** A broker of this score or less is used only when there is nothing better. */
export const brokerScoreUnusableMax = 0.3;
/** How many times better another broker must be to be worth a move. */
export const brokerBetterFactor = 1.25;
/** How long another broker must have been better without a break; a chance of up to as long again is added. */
export const brokerStableMs = 60_000;
/** The step to the next broker after one died is spread over this, or a fleet would take it in one moment. */
export const failoverSpreadMs = 500;

/** Sessions taken over, or connections hung up young, inside the window: somebody else has our client id. */
export const twinWindowMs = 600_000;
export const twinTakeoversMax = 2;
export const twinHangUpsMax = 6;
/** A connection without a word of farewell that was up for longer did not end because of a twin. */
export const twinHangUpAgeMsMax = 35_000;
/** The wait while there is a twin: long enough for people to see either of them at work. */
export const twinDelayMsMin = 60_000;
export const twinDelayMsMax = 300_000;
