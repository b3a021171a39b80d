/** Bounds of the way to the brokers. As in limits.ts. */

/**
 * The board opens while the broker answers, which keeps for so long what is sent meanwhile. It is less than it takes to find out
 * that a broker is silent, because nothing it says is read. Over it: leave, and come back when the board is open.
 */
export const earlyLinkMsMax = 5_000;

/** A board that hears nothing of its own health for so long is told to be deaf; on a slow line it takes a while to come back. */
export const deafMsMin = 30_000;
/** A last will of this life that comes late is answered so long after, however many come: at most once in that time. */
export const lateWillMs = 1_000;
