/** Bounds of SMP (QN-8.6). What happens when a bound is met is written beside it. */

/** One packet, header included. Over it: refuse. MCUboot's serial recovery takes 512 by default, Zephyr's shell 384 and more. */
export const smpPacketBytesMax = 2_048;
/** One line on the console, its two marker bytes and the line feed included; fixed by the transport. */
export const smpLineBytesMax = 127;
/** Image data in one request by default: with CBOR and header it fits into 384 bytes. */
export const smpChunkBytesDefault = 256;
/** An answer must come within this time. Over it: send again. Erasing flash takes seconds. */
export const smpAnswerMsMax = 5_000;
/** Times one request is sent. Over it: the upload fails with `timeout`. */
export const smpTriesMax = 5;
/** An image. Over it: refuse `out-of-range`. */
export const smpImageBytesMax = 16 * 1_024 * 1_024;
/** Requests the other side answers with the offset we sent. Over it: the upload fails: nothing moves. */
export const smpStallsMax = 5;
