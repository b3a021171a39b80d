/**
 * Times a safe state that is on is tried again, every safeRetryMs, while its group is taken or no write succeeds. Over it:
 * give up, and leave the output as it is.
 */
export const safeOnTriesMax = 60;
/** So long a start, and a change of the config, wait for devices of a bus on which some do not answer. Over it: they are asked later. */
export const startPatienceMs = 5_000;
export const exchangePatienceMs = 60_000;
/** So often an input or output is looked for that could not be opened, or was lost, one after the other. Never given up. */
export const reopenEveryMs = 5_000;
/** Times an output may be lost within the window. Over it: it is left alone for the pause, and that is told. */
export const outputLossesMax = 5;
export const outputLossesWindowMs = 600_000;
export const outputLossesPauseMs = 300_000;
/** Frames of a serial line that are told, at once and on and on. Over it: throw away, count and tell. */
export const serialFramesBurstMax = 1_000;
export const serialFramesPerSMax = 1_000;
/** So often one output is read back, the next one each time. */
export const readBackEveryMs = 1_000;
/** What comes before a port was quiet for so long, and for so many characters, may be the tail of a frame; inter-byte, if that is less. */
export const serialQuietMsMin = 30;
export const serialQuietCharacters = 4;
/** Names of documents of which a broker may retain a state, present ones and those that are gone. Over it: forget the oldest. */
export const toldNamesMax = 512;
