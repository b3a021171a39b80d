/** Bounds of SMP (QN-8.6). What happens when a bound is met is written beside it. */

/** One packet, header included. Over it: refuse. MCUboot's serial recovery takes 512 by default, Zephyr's shell 384 and more. */
export const smpPacketBytesMax = 2_048;
/** One line on the console, its two marker bytes and the line feed included; fixed by the transport. */
export const smpLineBytesMax = 127;
/** Image data in one request by default: with CBOR and header it fits into 384 bytes. */
export const smpChunkBytesDefault = 256;
export const smpChunkBytesMin = 32;
/** Header, names and lengths around the data of the first upload request, its hash included, and some room. */
export const smpUploadOverheadBytes = 112;
/** The first answer of an upload must come within this time. Over it: send again. Erasing flash takes seconds. */
export const smpAnswerMsMax = 5_000;
/** A later answer; doubled with each try, up to smpAnswerMsMax. */
export const smpChunkAnswerMs = 500;
/** An answer to anything else. Over it: send again. */
export const smpRequestMsMax = 1_000;
/** Times one request is sent. Over it: the upload fails with `timeout`. */
export const smpTriesMax = 5;
/** One hand-over to the port. Over it: as no answer. */
export const smpWriteMsMax = 1_000;
/** From the wish to restart until it answers again, swapping of images included. Over it: back to the old program. */
export const smpRebootMsMax = 60_000;
/** How often it is asked whether it answers again. */
export const smpRetryMs = 500;
/** An image. Over it: refuse `out-of-range`. */
export const smpImageBytesMax = 16 * 1_024 * 1_024;
/** Slots of all images in one answer. Over it: it is no answer. */
export const smpSlotsMax = 16;
/** Requests the other side answers with the offset we sent. Over it: the upload fails: nothing moves. */
export const smpStallsMax = 5;
