/** Bounds of the connection for emergency documents, and of what must not hold it up. As in limits.ts. */

/**
 * Bytes of one connection that are handled in one turn of the event loop: some messages of a flood. Everything else, first
 * of all an emergency stop on its own connection, waits for one such slice at most.
 */
export const readSliceBytes = 512;
/**
 * What was read at a time of another connection than theirs is handled at once up to this size, three small messages. More of it
 * waits until every other connection was read: a turn of the event loop, which costs too much where there is no flood.
 */
export const promptBytesMax = 192;

/** Emergency commands that came by one of the two connections and are still to come by the other. When full: forget the oldest. */
export const expressTwinsMax = 256;
/** Their payloads in all, and those of the doubts: as much as one packet may have. The same when full. */
export const expressTwinBytesMax = 262_144;
/** So long each of them is waited for; only what the broker threw away takes longer. */
export const expressTwinMsMax = 600_000;
/** The same while the express connection is not up for this side, but may be for the broker. */
export const expressSettleMs = 1_000;
/** The same for the main connection while one of the two is not up: a flood holds up a twin for less than that. */
export const mainLagMsMax = 10_000;
/**
 * A command that came by the main connection, and may be older than one that was carried out, is refused when the express one
 * does not bring it within this time. When there are too many: refuse the oldest at once.
 */
export const expressDoubtMs = 1_000;
export const expressDoubtsMax = 64;

/**
 * The main connection that ends while this one is opened, or so soon after it came up, was ended by it: the broker gives both
 * one client id, say (`use_username_as_clientid` of mosquitto). Unless this one ends as well, in less than any wait before a new
 * attempt: then it was the network, or the broker.
 */
export const expressClashMs = 3_000;
export const expressClashCheckMs = 50;
/**
 * It may have been chance, so it is tried again: after 1, 10 and 100 minutes, 17 hours, and then once a day, for as long as it
 * ends the main connection each time. Where it does not, or its documents or brokers are others, it begins anew.
 */
export const expressAgainMsMin = 60_000;
export const expressAgainMsMax = 86_400_000;

/** The wait behind the so many-th clash in a row, from 1. */
export function clashWaitMs(count: number): number {
  return Math.min(expressAgainMsMax, expressAgainMsMin * 10 ** (count - 1));
}

/** The longest message about an emergency command that has a buffer from the start; a longer one goes the ordinary way. */
export const expressAckBytesMax = 1_024;
