/** Every bound of tokens, keys and certificates, unit last in its name. Over it: refuse, unless something else is said. */

/** A token, before anything of it is decoded. A header and a payload of the longest names take half of it. */
export const tokenBytesMax = 4_096;
export const trustedKeysMax = 8;
export const kidBytesMax = 64;
/** Authors in a clock vector. */
export const clockVectorAuthorsMax = 16;
/** How far the clocks of signer and board may be apart. */
export const clockSkewMs = 5 * 60_000;
/** From `iat` to `exp`. A command that may wait longer is no command any more. */
export const actuateLifeMsMax = 10 * 60_000;
export const tokenLifeMsMax = 800 * 86_400_000;
/** Ids of commands that were carried out, each for as long as its token lives. Over it: refuse `overloaded`. */
export const replayCountMax = 4_096;
/** The time floor is raised by the stamp of one token by so much at most, and kept on disk in steps of so much. */
export const timeFloorRaiseMsMax = 366 * 86_400_000;
export const timeFloorKeepMs = 3_600_000;
/** Refusals of one kind are told by an event once in so long; those in between are counted in the next one. */
export const refusalEventMs = 60_000;
/** Messages of one document that wait for their token to be checked. Over it: refuse `busy`. */
export const tokenQueueCountMax = 32;
/** Entries of `control` of one document. */
export const controlEntriesMax = 16;
/**
 * Versions a push may skip, for `ver` and each author. There are 2^53: a key that was stolen for an hour cannot use them
 * up and shut out its owner for ever.
 */
export const countOnMax = 1_000_000;
/** A certificate that ends sooner is told as a warning. */
export const certificateWarningDays = 14;
/** Whether somebody sets the clock is asked so often while nobody does, and else; an answer may take so long. */
export const clockAskSoonMs = 30_000;
/** The first question is a program to start, and the agent has better things to do until it is connected. */
export const clockAskFirstMs = 1_000;
export const clockAskEveryMs = 600_000;
export const clockAnswerMsMax = 5_000;
