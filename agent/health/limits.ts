/** Bounds of how a board spares itself (QN-6.9), and of what it knows of itself; to be read with agent/limits.ts. */

/** The load is looked at so often. The level rises by one at each look at most. */
export const loadLookMs = 500;
/** Part of a share of the pool that was taken at some moment since the look before, from which each level counts. */
export const loadShareMin = { 1: 0.5, 2: 0.75, 3: 0.95 } as const;
/** How late the look came, because the event loop was held up. A late command is better than none: no level 3. */
export const loadLateMsMin = { 1: 250, 2: 1_000 } as const;
/** A level is kept until the load is below so much of where it begins … */
export const loadKeepRatio = 0.8;
/** … for so long without a break. Then it falls by one. */
export const loadCalmMs = 5_000;
/** Commands are refused for so long at a time. Over it: they are taken until the next look, whatever the load is. */
export const loadRefusingMsMax = 15_000;
/** From level 1 on the time between two health reports is so many times as long. */
export const sparedHealthFactor = 4;
/** The event loop's figures are of the last one or two of these. */
export const loopWindowMs = 30_000;
/** Garbage collections are looked at for so long, one such time in so many. */
export const gcSampleMs = 1_000;
export const gcSampleOneIn = 20;

/** What happened last, in the store (QN-3.6). When full: forget the oldest. */
export const keptEventsCount = 32;
/** Of one of them. Over it: without its value. Below what a value of the store may have. */
export const keptEventBytesMax = 1_000;
/** They are handed to the store together, so often at most. */
export const keptEventsMs = 1_000;

/**
 * Tests of the start that only took too long are run again after each of these times: a board is busy when it starts. After
 * the last one their row stays: one that hangs holds a thread of Node's, which has four.
 */
export const lateTestsMs: readonly number[] = [60_000, 240_000];
/** After the start the files of the agent are read and compared, once. */
export const codeTestAfterMs = 10_000;
/** A heap snapshot that its reader has not taken by then is cut off: it is a copy of the heap. One at a time; over it: refuse. */
export const heapSnapshotMsMax = 300_000;
/** Pause between two heap snapshots: each stops the agent for as long as it takes. Over it: refuse. */
export const heapSnapshotPauseMs = 60_000;
/** A heap snapshot is refused when less memory is free than so many times the heap. */
export const heapSnapshotFreeFactor = 3;
