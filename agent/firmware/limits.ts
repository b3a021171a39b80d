/** Bounds of firmware updates, unit last in the name. What happens when a bound is met is written beside it. */

/** One image. Over it: refuse `too-large`. It is in memory as a whole while it is written. */
export const imageBytesMax = 4 * 1_024 * 1_024;
/** Data in one message, when the messages of this board may be as long. Over it: refuse `too-large`. */
export const pieceBytesMax = 32_768;
/** What a message needs besides its data; the data is base64 in JSON. */
export const pieceOverheadBytes = 512;
/**
 * Images of one microcontroller on the disk: the one that runs, and one that arrives. Over it: remove what is neither, but not
 * what is being fetched or written.
 */
export const imagesCountMax = 2;
/** The address of an image. Over it: refuse `malformed`. */
export const urlBytesMax = 1_024;
/** Of a download nothing came for so long: begin again where it was. */
export const downloadIdleMsMax = 30_000;
/** An answer that brings fewer in `downloadIdleMsMax`, by the second, is as one that stands still; GPRS brings more. */
export const downloadBytesPerSecondMin = 1_024;
/** One download in all, its pauses included, whatever is under way then. Over it: fail `driver-timeout`. */
export const downloadMsMax = 1_800_000;
/** Attempts in a row that brought nothing. Over it: fail `driver-timeout`. */
export const downloadTriesMax = 5;
export const downloadPauseMsMin = 1_000;
export const downloadPauseMsMax = 30_000;
/** After so long without the microcontroller the command ends `failed`; the agent goes on trying by itself. */
export const commandPatienceMs = 120_000;
/** Between two tries to write; doubled from the one to the other. */
export const retryPauseMsMin = 500;
export const retryPauseMsMax = 30_000;
/** Tries in a row that did not touch the old program. Over it: give up, it runs on. */
export const untouchedTriesMax = 3;
/** The new program must greet within this time. Over it: fail `self-test-failed`. */
export const firstUpMsMax = 15_000;
/** Progress is told as an event no more often than this. */
export const progressEveryMs = 500;
/** What is remembered of the last update. Over it: taken for damaged. */
export const markerBytesMax = 4_096;
/** When the agent ends, the page that is being written may be finished within this time. */
export const disposeMsMax = 2_000;
