/* The rows of test/cases/vectors against the C side; vectors.h is written from them by vectors-header.ts. */
#include <stdio.h>
#include <string.h>

#include "qn_compact.h"
#include "qn_frame.h"

typedef struct { uint8_t type, seq; uint16_t body_bytes; const uint8_t *body; uint16_t wire_bytes; const uint8_t *wire; } frame_row;
typedef struct { const char *name; qn_compact fields; const uint8_t *bytes; } compact_row;
typedef struct { const char *name; uint8_t reason; uint8_t count; const uint8_t *bytes; } refusal_row;

#include "vectors.h"

static unsigned failures = 0;

static void check(int holds, const char *what, unsigned row)
{
    if (holds) return;
    failures++;
    printf("FAIL %s %u\n", what, row);
}

static void frames(void)
{
    for (unsigned row = 0; row < sizeof frame_rows / sizeof *frame_rows; row++) {
        const frame_row *want = &frame_rows[row];
        uint8_t wire[QN_WIRE_BYTES(QN_BODY_BYTES_MAX)];
        uint8_t bytes[QN_ENCODED_BYTES(QN_BODY_BYTES_MAX)];
        uint8_t count = qn_frame_encode(wire, want->type, want->seq, want->body, (uint8_t)want->body_bytes);
        check(count == want->wire_bytes && memcmp(wire, want->wire, count) == 0, "frame encode", row);
        memcpy(bytes, want->wire, want->wire_bytes - 1u);
        check(qn_frame_decode(bytes, (uint8_t)(want->wire_bytes - 1u)) == want->body_bytes, "frame decode", row);
        check(bytes[0] == want->type && bytes[1] == want->seq, "frame header", row);
        check(memcmp(bytes + 2, want->body, want->body_bytes) == 0, "frame body", row);
    }
}

static void compacts(void)
{
    for (unsigned row = 0; row < sizeof compact_rows / sizeof *compact_rows; row++) {
        const compact_row *want = &compact_rows[row];
        uint8_t bytes[QN_COMPACT_BYTES];
        qn_compact got;
        memset(&got, 0, sizeof got);
        qn_compact_encode(&want->fields, bytes);
        check(memcmp(bytes, want->bytes, sizeof bytes) == 0, want->name, row);
        check(qn_compact_decode(&got, want->bytes, sizeof bytes) == 0, want->name, row);
        check(memcmp(&got, &want->fields, sizeof got) == 0, want->name, row);
    }
}

static void refusals(void)
{
    for (unsigned row = 0; row < sizeof refusal_rows / sizeof *refusal_rows; row++) {
        qn_compact got;
        uint8_t reason = qn_compact_decode(&got, refusal_rows[row].bytes, refusal_rows[row].count);
        check(reason == refusal_rows[row].reason, refusal_rows[row].name, row);
    }
}

int main(void)
{
    const uint8_t digits[] = "123456789";
    check(qn_crc16(digits, 9) == 0x29b1, "crc", 0);
    frames();
    compacts();
    refusals();
    printf("%u frames, %u compact, %u refusals, %u failed\n", (unsigned)(sizeof frame_rows / sizeof *frame_rows),
           (unsigned)(sizeof compact_rows / sizeof *compact_rows), (unsigned)(sizeof refusal_rows / sizeof *refusal_rows), failures);
    return failures != 0;
}
