/* A microcontroller on standard input and output that sends every body back, in order. Ends with its input. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "qn_link.h"

#define BODIES_MAX 256u /* The test never has so many under way. */

static struct { uint8_t count; uint8_t bytes[QN_BODY_BYTES_MAX]; } waiting[BODIES_MAX];
static unsigned first = 0;
static unsigned waiting_count = 0;

static void on_data(void *context, const uint8_t *body, uint8_t count)
{
    unsigned at = (first + waiting_count++) % BODIES_MAX;
    (void)context;
    if (waiting_count > BODIES_MAX) abort();
    waiting[at].count = count;
    memcpy(waiting[at].bytes, body, count);
}
static void on_up(void *context) { (void)context; }
static void on_safe(void *context, uint8_t reason) { (void)context; (void)reason; }
static void on_restart(void *context) { (void)context; exit(0); }

static uint16_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint16_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

static void flush(qn_link *link)
{
    static uint8_t out[4096];
    uint16_t count;
    for (;;) {
        while (waiting_count > 0 && qn_link_send(link, waiting[first].bytes, waiting[first].count)) {
            first = (first + 1) % BODIES_MAX;
            waiting_count--;
        }
        count = qn_link_pull(link, out, sizeof out);
        if (count == 0) return;
        for (uint16_t at = 0; at < count;) {
            ssize_t written = write(1, out + at, (size_t)(count - at));
            if (written <= 0) exit(1);
            at = (uint16_t)(at + written);
        }
    }
}

int main(void)
{
    static const qn_channel channels[] = { { 1, 0x11, "relay1", 0 }, { 2, 0x23, "flow", 0 } };
    static const qn_link_config config = { { 0, 1, 0 }, 2, channels, NULL, on_data, on_up, on_safe, on_restart };
    static uint8_t buffer[QN_LINK_BUFFER_BYTES(QN_BODY_BYTES_MAX)];
    static uint8_t in[4096];
    qn_link link;
    struct pollfd input = { 0, POLLIN, 0 };
    qn_link_init(&link, &config, buffer, QN_BODY_BYTES_MAX, (uint16_t)getpid(), now_ms());
    for (;;) {
        flush(&link);
        if (poll(&input, 1, 2) > 0) {
            ssize_t count = read(0, in, sizeof in);
            if (count <= 0) break;
            qn_link_receive(&link, in, (uint16_t)count, now_ms());
        }
        qn_link_poll(&link, now_ms());
    }
    fprintf(stderr, "discarded %u resent %u duplicates %u gaps %u sessions %u\n", link.counters.discarded_frames,
            link.counters.resent, link.counters.duplicates, link.counters.gaps, link.counters.sessions);
    return 0;
}
