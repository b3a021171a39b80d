/*
 * The streams of test/cases/vectors against the receiver of the C side, cut in every way; streams.h is written from them
 * by vectors-header.ts. The receiver is the one of qn_link.c, seen through its tap.
 */
#include <stdio.h>
#include <string.h>

#include <stdint.h>

static void tap(uint8_t type, uint8_t seq, const uint8_t *body, uint8_t count);
#define QN_LINK_TAP tap
#include "qn_link.c"

typedef struct { uint8_t type, seq; uint16_t body_bytes; const uint8_t *body; } stream_frame;
typedef struct { uint16_t frame_count; const stream_frame *frames; uint16_t wire_bytes; const uint8_t *wire; } stream_row;

#include "streams.h"

static const stream_row *row;
static unsigned seen;
static unsigned failures;

static void tap(uint8_t type, uint8_t seq, const uint8_t *body, uint8_t count)
{
    const stream_frame *want = &row->frames[seen];
    int is_same = seen < row->frame_count && want->type == type && want->seq == seq && want->body_bytes == count
        && memcmp(want->body, body, count) == 0;
    if (!is_same) failures++;
    seen++;
}

static void on_data(void *context, const uint8_t *body, uint8_t count) { (void)context; (void)body; (void)count; }
static void on_up(void *context) { (void)context; }
static void on_safe(void *context, uint8_t reason) { (void)context; (void)reason; }
static void on_restart(void *context) { (void)context; }

static void receive(uint16_t chunk_bytes)
{
    static const qn_channel channels[] = { { 1, QN_OUTPUT(1), "out1", 0 } };
    static const qn_link_config config = { { 1, 0, 0 }, 1, channels, NULL, on_data, on_up, on_safe, on_restart };
    static uint8_t buffer[QN_LINK_BUFFER_BYTES(QN_BODY_BYTES_MAX)];
    qn_link link;
    uint16_t at = 0;
    qn_link_init(&link, &config, buffer, QN_BODY_BYTES_MAX, 1, 0);
    seen = 0;
    while (at < row->wire_bytes) {
        uint16_t left = (uint16_t)(row->wire_bytes - at);
        uint16_t count = left < chunk_bytes ? left : chunk_bytes;
        qn_link_receive(&link, row->wire + at, count, 0);
        at = (uint16_t)(at + count);
    }
    if (seen != row->frame_count || link.counters.frames != row->frame_count) failures++;
}

int main(void)
{
    static const uint16_t chunks[] = { 1, 2, 3, 7, 16, 64, 255, 65535 };
    unsigned frame_count = 0;
    for (row = stream_rows; row < stream_rows + sizeof stream_rows / sizeof *stream_rows; row++) {
        frame_count += row->frame_count;
        for (unsigned at = 0; at < sizeof chunks / sizeof *chunks; at++) receive(chunks[at]);
    }
    printf("%u streams, %u frames, %u cuts each, %u failed\n", (unsigned)(sizeof stream_rows / sizeof *stream_rows), frame_count,
           (unsigned)(sizeof chunks / sizeof *chunks), failures);
    return failures != 0;
}
