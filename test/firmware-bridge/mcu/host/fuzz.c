/*
 * Any input for the C side: with libFuzzer, or (WITH_MAIN) with a seeded random generator of our own. The input is a
 * row of operations, one of them a frame that is whole, because random bytes never get past the checksum.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qn_compact.h"
#include "qn_link.h"

#define REQUIRE(holds) do { if (!(holds)) abort(); } while (0)

static qn_link link_;
static uint8_t body_bytes_max;

/* What is decoded is the same bytes again. */
static void compact(const uint8_t *body, uint8_t count)
{
    qn_compact message;
    uint8_t bytes[QN_COMPACT_BYTES];
    if (qn_compact_decode(&message, body, count) != 0) return;
    qn_compact_encode(&message, bytes);
    REQUIRE(memcmp(bytes, body, sizeof bytes) == 0);
}

static void on_data(void *context, const uint8_t *body, uint8_t count)
{
    uint8_t message[QN_COMPACT_BYTES] = { 0x51 };
    (void)context;
    REQUIRE(count <= body_bytes_max);
    compact(body, count);
    if (count >= 16) memcpy(message + 1, body, 16);
    compact(message, sizeof message);
    qn_link_send(&link_, body, count);
}
static void on_up(void *context) { (void)context; qn_link_send(&link_, (const uint8_t *)"up", 2); }
static void on_safe(void *context, uint8_t reason) { (void)context; REQUIRE(reason <= QN_SAFE_LOCAL); }
static void on_restart(void *context) { (void)context; qn_link_go_safe(&link_); }

static const qn_channel channels[] = { { 1, 0x11, "relay1", 0 }, { 2, 0x23, "a-very-long-name-of-more-than-32-bytes", 0 }, { 3, 0x21, "b", 0 } };
static const qn_link_config config = { { 1, 0, 0 }, 3, channels, NULL, on_data, on_up, on_safe, on_restart };

static uint16_t whole_frame(uint8_t *wire, const uint8_t *data, size_t size)
{
    uint8_t body[QN_BODY_BYTES_MAX];
    uint8_t count = size < 3 ? 0 : (uint8_t)(size - 2 > sizeof body ? sizeof body : size - 2);
    uint8_t type = (uint8_t)(data[0] % 13u);
    uint8_t seq = size > 1 ? data[1] : 0;
    if (count > 0) memcpy(body, data + 2, count);
    /* Two in three belong: to the session, or to the greeting. */
    if (data[0] % 3u != 0 && type == 4) seq = (uint8_t)(link_.expected_seq + (seq & 3u));
    else if (data[0] % 3u != 0 && type != 2) seq = link_.session;
    if (type == 2 && count >= 4 && data[0] % 3u != 0) {
        body[2] = (uint8_t)(link_.nonce >> 8);
        body[3] = (uint8_t)link_.nonce;
    }
    return qn_frame_encode(wire, type, seq, body, count);
}

static void perform(const uint8_t *data, size_t size, uint16_t now)
{
    uint8_t wire[QN_WIRE_BYTES(QN_BODY_BYTES_MAX)];
    uint8_t out[64];
    switch (data[0] >> 5) {
    case 0: qn_link_receive(&link_, data + 1, (uint16_t)(size - 1), now); break;
    case 1: REQUIRE(qn_link_pull(&link_, out, data[0] & 31u) <= (data[0] & 31u)); break;
    case 2: qn_link_send(&link_, data + 1, (uint8_t)(size - 1)); break;
    case 3: if (data[0] & 1) qn_link_go_safe(&link_); else qn_link_lift_safe(&link_); break;
    case 4: qn_link_log(&link_, 1, "a line of text that goes on beyond what a small body holds"); break;
    default: if (size > 1) qn_link_receive(&link_, wire, whole_frame(wire, data + 1, size - 1), now); break;
    }
    qn_link_poll(&link_, now);
    REQUIRE(link_.used_count <= QN_WINDOW_COUNT && link_.sent_count <= link_.used_count && link_.resent_count <= link_.used_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *buffer;
    uint16_t now = 0;
    if (size < 2) return 0;
    body_bytes_max = (uint8_t)(17u + data[0] % (QN_BODY_BYTES_MAX - 16u));
    buffer = malloc(QN_LINK_BUFFER_BYTES(body_bytes_max)); /* Of its own, so that the sanitizer sees its ends. */
    REQUIRE(buffer != NULL);
    qn_link_init(&link_, &config, buffer, body_bytes_max, 1, now);
    for (size_t at = 1; at + 1 < size;) {
        size_t count = 1 + data[at] % 40u;
        if (count > size - at - 1) count = size - at - 1;
        now = (uint16_t)(now + (data[at] >> 3));
        perform(data + at + 1, count, now);
        at += 1 + count;
    }
    free(buffer);
    return 0;
}

#ifdef WITH_MAIN
int main(int argc, char **argv)
{
    uint32_t state = 1;
    long runs = argc > 1 ? atol(argv[1]) : 1000;
    static uint8_t data[2048];
    while (runs-- > 0) {
        size_t size = 0;
        while (size < sizeof data) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            data[size++] = (uint8_t)(state >> 24);
        }
        LLVMFuzzerTestOneInput(data, state % sizeof data);
    }
    return 0;
}
#endif
