/**
 * Of the places in the queue; beyond it what is done at once is done before the next message is taken from the link, so that a
 * burst fills no queue. Below the half that is the first sign of too much to do (QN-6.9).
 */
export const dispatchReliefShare = 0.4;

/** To compare a name with all others takes milliseconds: a flood of unknown ones gets one suggestion so often. */
export const suggestionPauseMs = 1_000;

/** Correlation data, beside the payload, is kept until the last answer. Over it: refuse `too-large`. */
export const correlationBytesMax = 1_024;
