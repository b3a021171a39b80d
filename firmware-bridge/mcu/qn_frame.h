/* Link frames (QN-8.1): COBS( type, seq, body, CRC-16/IBM-3740 big-endian ) 0x00. No memory of its own, no OS. */
#ifndef QN_FRAME_H
#define QN_FRAME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QN_BODY_BYTES_MAX 240u
/* Type, seq and CRC. */
#define QN_FRAME_OVERHEAD_BYTES 4u
/* What a receiver must hold for bodies of so many bytes: everything between two delimiters. */
#define QN_ENCODED_BYTES(body_bytes) ((body_bytes) + QN_FRAME_OVERHEAD_BYTES + 1u)
/* The same with a delimiter on both sides. */
#define QN_WIRE_BYTES(body_bytes) (QN_ENCODED_BYTES(body_bytes) + 2u)

uint16_t qn_crc16(const uint8_t *bytes, uint8_t count);

/* Writes QN_WIRE_BYTES(body_bytes) - 1 at most, the last being the delimiter; how many. `body` must not overlap `wire`. */
uint8_t qn_frame_encode(uint8_t *wire, uint8_t type, uint8_t seq, const uint8_t *body, uint8_t body_bytes);

/*
 * In place, what stood between two delimiters: afterwards bytes[0] is the type, bytes[1] the seq, bytes + 2 the body.
 * The number of bytes of the body, or -1 for what is no frame.
 */
int16_t qn_frame_decode(uint8_t *bytes, uint8_t count);

#ifdef __cplusplus
}
#endif

#endif
