/* The compact form of a QN message, 17 bytes (QN-3.3), the same bytes as the agent's. */
#ifndef QN_COMPACT_H
#define QN_COMPACT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QN_COMPACT_BYTES 17u

enum qn_kind { QN_QUERY = 1, QN_SNAPSHOT, QN_DELTA, QN_NOTIFY, QN_ACK, QN_EVENT, QN_HEALTH };
enum qn_value_type { QN_NONE, QN_BOOL, QN_I32, QN_U32, QN_F32, QN_MILLI };
enum qn_clock { QN_CLOCK_SYNCED, QN_CLOCK_ESTIMATED, QN_CLOCK_BOOT };
/* QN-4, and those of QN-4.5 a microcontroller needs; the rest are in the protocol. */
enum qn_status { QN_ACCEPTED, QN_EXECUTING, QN_SUCCESSFUL, QN_FAILED, QN_REJECTED, QN_EXPIRED, QN_DUPLICATE, QN_SUPERSEDED };
enum qn_reason { QN_NO_REASON = 0, QN_MALFORMED = 1, QN_UNKNOWN_DOCUMENT = 3, QN_OUT_OF_RANGE = 5, QN_INTERLOCKED = 13, QN_UNSUPPORTED = 18 };

typedef struct {
    uint8_t kind;
    uint8_t value_type;
    uint8_t priority;
    uint8_t ack_wanted;
    uint8_t clock;
    uint16_t channel;
    uint32_t id;
    uint32_t ts;
    /* As on the wire: cast to int32_t for QN_I32 and QN_MILLI, the bits of an IEEE 754 single for QN_F32. */
    uint32_t value;
} qn_compact;

/* 0, or the enum qn_reason it is refused with; `id` is set whenever there were 17 bytes. */
uint8_t qn_compact_decode(qn_compact *message, const uint8_t *bytes, uint8_t count);

/* Writes QN_COMPACT_BYTES. Fields beyond their range are the caller's mistake: only their low bits are sent. */
void qn_compact_encode(const qn_compact *message, uint8_t *bytes);

/* Value of an ack. */
#define QN_ACK_VALUE(status, reason) (((uint32_t)(status) << 16) | (uint32_t)(reason))

#ifdef __cplusplus
}
#endif

#endif
