/**
 * Every bound of the agent, unit last in its name. test/agent/limits.test.ts asserts how they relate.
 * What happens when a bound is met is written beside it: refuse, drop-oldest, or wait-with-deadline.
 */

/** Largest message in or out, before decoding (QN-3.5). Over it: refuse `too-large`. The pool may lower it. */
export const messageBytesMax = 65_536;
/** Nesting of arrays and maps in a message, the message itself being level 1. Over it: refuse `malformed`. */
export const messageDepthMax = 16;
/** A longer Content Type or trace says nothing, and nobody is answered on a longer topic. Over it: left out. */
export const topicBytesMax = 512;
/** Levels of a reply topic. Brokers hang up on a publish beyond some depth (mosquitto: 200). Over it: no answer there. */
export const topicLevelsMax = 64;
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

/**
 * Inbound slots that only commands for emergency documents may take, so that a flood on the others cannot keep an
 * emergency stop out; half of them only those that no token can be asked for. Over the rest: refuse `overloaded`.
 */
export const emergencyInboundCount = 4;

/** One turn of the dispatch loop, then the event loop gets its share. */
export const dispatchTurnMessagesMax = 64;
export const dispatchTurnMsMax = 4;

/** Publishes handed to MQTT.js and not yet acknowledged; the rest waits in the outbox. */
export const sendWindowCount = 16;

/** Connections a message may be in flight on when they break; those after the doubt began say more, see outbox.ts. */
export const sendDoubtAttempts = 2;
/** Over it: drop it, counted as refused: the broker hangs up on it. Below twinHangUpsMax, or it would look like a twin. */
export const sendAttemptsMax = 5;

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

/** After start, when the agent is connected and its first burst of work is over. */
export const firstCollectionMs = 2_000;

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
/** The unit of a value as people write it: `kWh`. */
export const unitOfMeasureBytesMax = 16;
export const healthIntervalMsMin = 1_000;
export const healthIntervalMsMax = 86_400_000;

/** A message that the broker did not acknowledge within this time is put into the store. */
export const storeSoonMs = 1_000;
/** Stored messages that are in memory at a time while a backlog is sent: live answers wait behind no more than these. */
export const storedInHandCount = 8;
/** Stored messages sent in a second while there is a backlog, and at once when a link comes up; more while it grows. */
export const drainPerSecond = 250;
export const drainBurstCount = 64;
/** The sender's name, of which many are remembered; a node name has 63 at most (QN-1.1). Over it: refuse `malformed`. */
export const sourceBytesMax = 128;
/** What a stored row takes besides its bytes: its other columns and its share of the page. */
export const storeRowOverheadBytes = 128;
/** Counters of the journal's filter, 16 for each command it may remember: 0.3 % of strangers are looked up in vain. */
export const journalFilterCountersPerEntry = 16;
/** Latencies and batch sizes from which the percentiles are told. When full: forget the oldest. */
export const storeSamplesCount = 512;
/** A reader that missed more versions than this asks for the whole value, not for what it missed (QN-5.2). */
export const versionGapMax = 1_000;
/** Epochs a reader remembers as over, and as unclear. Over it: forget the oldest, which costs a query. */
export const readerEpochsCount = 8;
/** Open watches of the whole board (QN-5.1). Over it: refuse `overloaded`. */
export const watchesMax = 64;
/** A lease outside of min and max is granted as the nearest of them, and told. */
export const watchLeaseMsDefault = 60_000;
export const watchLeaseMsMin = 1_000;
export const watchLeaseMsMax = 3_600_000;
/** The shortest `max` of a watch. Below it: refuse `out-of-range`. */
export const watchIntervalMsMin = 100;
/** So much later than what is said now a broker may send what it retained (QN-5.3a). */
export const retainedGraceMs = 2_000;
/** Documents that `qnctl watch` checks for gaps: all that a node can have, and its own. Over it: unchecked. */
export const copiesMax = documentsMax + 16;
/** Its queries that wait for an answer, and as many for the broker. Over it: wait, at last this long for each. */
export const queriesUnderWayMax = 8;
export const requeryDelayMsMax = 60_000;

/** Local applications over HTTP (QN-5.4), and what each may subscribe to. Over it: refuse with 429. */
export const httpClientsMax = 16;
export const httpTopicsMax = 64;
export const httpClientNameBytesMax = 64;
/** Over it: refuse with 413. */
export const httpBodyBytesMax = 65_536;
export const httpHeaderBytesMax = 8_192;
/** Over it: the newest is closed. */
export const httpConnectionsMax = 48;
export const httpRequestMsMax = 10_000;
/** A client without a stream is forgotten so long after its last request. */
export const httpClientLeaseMs = 60_000;
export const httpStreamPingMs = 15_000;
/** Bytes its reader did not take; beyond, changes are folded into Snapshots. After the time the stream is cut, as is an answer. */
export const httpStreamBytesMax = 65_536;
export const httpStreamStallMsMax = 30_000;
/** Commands whose final ack is waited for: refuse with 503 over it, answer 504 after the time, which is their ttl. */
export const httpNotifiesMax = 32;
export const httpAckMsMax = 30_000;
/** Shortest token for HTTP; it can be guessed at as fast as the board answers. */
export const httpTokenBytesMin = 16;
/** A CPU profile over HTTP; one at a time. */
export const profileSecondsDefault = 5;
export const profileSecondsMax = 60;
/** What happened, for `/debug/events`. When full: forget the oldest; totals go on. */
export const eventRingCount = 512;
/** Of a value in it. Over it: cut off. */
export const eventTextBytesMax = 200;
/** Messages that describe a board to Home Assistant. Over it: the rest of its documents is left out, and that is logged. */
export const homeAssistantPartsMax = 8;
export const homeAssistantPrefixBytesMax = 64;
/** Of lines of the log that could not be written; over it: drop-newest. */
export const logBacklogBytesMax = 65_536;
/** The last lines of the log, in memory. When full: drop-oldest. */
export const logTailCount = 500;
export const logTailBytesMax = 131_072;
/** Equal lines that are written before they are written ever more rarely; never errors. */
export const logBurstCount = 10;
/** After so long without one it begins anew. */
export const logQuietMs = 60_000;
/** Kinds of lines that are told apart. Over it: forget them all, and write more. */
export const logKeysMax = 256;
/** A level that was asked for lasts so long, or as long as was said. Over it: refuse. */
export const logLevelMsDefault = 600_000;
export const logLevelMsMax = 86_400_000;
/** Log sequence numbers reserved at a time, so that none waits for the disk. */
export const lsnReserveCount = 1_000_000;
/** The path of a Unix socket, as the kernel has it. */
export const socketPathBytesMax = 107;
/** Longest time an output may be told to stay on by itself, in a pulse or by `max-on`. Over it: refuse. */
export const onMsMax = 86_400_000;
export const onMsMin = 10;
/** Shortest time between two changes of an output; a command in between waits that long at most. */
export const dwellMsMax = 600_000;
/** All members of an interlock group are off that long before the next one is on. */
export const deadTimeMsMax = 60_000;
export const deadTimeMsDefault = 100;
/** Times a command looks again whether its output may change now. Over it: fail `busy`. */
export const switchWaitsMax = 8;
/** An output that could not be brought down is tried again, so often, until a write succeeds. */
export const safeRetryMs = 1_000;
/** Without a broker for so long, an output goes to its offline state. */
export const offlineMsMin = 100;
export const offlineMsMax = 86_400_000;

/** Edges of a line within the window of its storm rule. Over it: the line is let go of, and tried again later. */
export const stormRateMax = 100_000;
export const stormInputRateDefault = 500;
export const stormCounterRateDefault = 5_000;
export const stormWindowMsMin = 100;
export const stormWindowMsMax = 60_000;
export const stormWindowMsDefault = 1_000;
export const stormRetryMsMin = 100;
export const stormRetryMsDefault = 10_000;
/** The wait doubles with each try that ends in a storm again. */
export const stormRetryMsMax = 600_000;

/** Shortest time between two values told by a counter. */
export const counterPublishMsMin = 100;
export const counterPublishMsMax = 3_600_000;
export const counterPublishMsDefault = 1_000;

export const pwmFrequencyMax = 10_000_000;
export const pwmChannelMax = 255;

/** What documents remember is written at most so often, and at exit. In between: only in memory. */
export const memoryWriteMsMin = 60_000;
/** Over it the file is taken for damaged, and begun anew. */
export const memoryFileBytesMax = 262_144;

/** Plan of a guard: what it drives when the agent died. Over it: the guard does not start. */
export const guardPlanBytesMax = 262_144;
/** A line of the dead agent may be busy for a moment, until the system has cleaned up. Over it: give up that line. */
export const guardClaimTriesMax = 200;
export const guardClaimTryEveryMs = 5;
/** So often an agent that starts tries a line that the guard of the one before may still hold. Over it: `busy`. */
export const startClaimTriesMax = 40;
/** After lines were opened or closed the guard is told once for all of them. Before that, a crash lets go of the new ones. */
export const guardUpdateMs = 20;
/**
 * A guard that was just left alone drives its outputs before it hands over its lines, each within its tries, and a slow board
 * may have to read it from the card before. Over it: the agent opens them itself; what is still held is busy until the next start.
 */
export const handoverMsMax = 10_000;
export const handoverTryEveryMs = 2;
/** A guard that ended by itself is started again after this time. */
export const guardRestartMs = 1_000;
/** A guard that was told goodbye may take so long to end. */
export const guardEndMsMax = 1_000;
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

/** One test of the self-test. Over it: its row is `timeout`. */
export const testMsMax = 5_000;
export const quickTestMsMax = 1_000;
export const fullTestMsMax = 30_000;
/** Free space that the state folder needs, or the self-test fails. */
export const diskFreeBytesMin = 16 * 1_024 * 1_024;

/* doctor and health: what is too much, and how long they wait. */
/** Starts of the agent within the window. Over it: it is in a loop. */
export const restartsMax = 5;
export const restartWindowMs = 600_000;
/** Starts that are remembered. Over it: forget the oldest. */
export const restartsKeptCount = 16;
/** A storage card of 16 GB takes this much for about ten years. */
export const diskBytesPerDayMax = 500 * 1_024 * 1_024;
/** The event loop was held up for longer: something keeps the board busy. */
export const loopLateUsMax = 1_000_000;
/** A call of a driver that does not come back for so long has hung: the watchdog is not fed any more. */
export const driverStuckMsMax = 60_000;
/** A certificate that is shorter valid is warned of. */
export const certificateDaysMin = 21;
/** For one broker, and for the echo of what was published there. */
export const doctorTimeoutMs = 5_000;
export const doctorEchoMsMax = 500;
/** An agent that is asked on this machine answers within this time, with so much, and so many at a time. */
export const localAnswerMsMax = 1_000;
export const localAnswerBytesMax = 1_048_576;
export const localAnswersMax = 4;
