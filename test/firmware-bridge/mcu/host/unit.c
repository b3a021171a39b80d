/* What the C side does by itself; each check is a sentence. Prints those that do not hold. */
#include <stdio.h>
#include <string.h>

#include "qn_link.h"

#define BODY_BYTES 32u

static unsigned failures = 0;
static unsigned checks = 0;
#define CHECK(holds, sentence) \
    do { \
        checks++; \
        if (!(holds)) { failures++; printf("FAIL %s (line %d)\n", sentence, __LINE__); } \
    } while (0)

static struct { unsigned data, ups, safes, restarts; uint8_t safe, count; } seen;

static void on_data(void *context, const uint8_t *body, uint8_t count) { (void)context; (void)body; seen.data++; seen.count = count; }
static void on_up(void *context) { (void)context; seen.ups++; }
static void on_safe(void *context, uint8_t reason) { (void)context; seen.safes++; seen.safe = reason; }
static void on_restart(void *context) { (void)context; seen.restarts++; }

static const qn_channel channels[] = { { 1, 0x11, "relay1", 1 }, { 0x0203, 0x23, "a-name-longer-than-the-body-of-thirty-two", 0 } };
static const qn_link_config config = { { 1, 2, 3 }, 2, channels, NULL, on_data, on_up, on_safe, on_restart };
static qn_link link_;
static uint8_t buffer[QN_LINK_BUFFER_BYTES(BODY_BYTES)];
static uint16_t now;

/* The next frame that goes out, decoded in place; its type, 0 when there is none. */
static uint8_t frame[64];
static int16_t body_bytes;
static uint8_t next(void)
{
    uint8_t count = 0;
    for (;;) {
        if (qn_link_pull(&link_, frame + count, 1) == 0) return 0;
        if (frame[count] == 0 && count == 0) continue;
        if (frame[count] == 0) break;
        count++;
    }
    body_bytes = qn_frame_decode(frame, count);
    return frame[0];
}

static void hear(uint8_t type, uint8_t seq, const uint8_t *body, uint8_t count)
{
    uint8_t wire[80];
    qn_link_receive(&link_, wire, qn_frame_encode(wire, type, seq, body, count), now);
}

static void start(uint16_t now_ms)
{
    memset(&seen, 0, sizeof seen);
    now = now_ms;
    qn_link_init(&link_, &config, buffer, BODY_BYTES, 0x1234, now);
}

static void welcome(uint8_t session, uint16_t nonce)
{
    uint8_t body[7] = { 1, 0, 0, 0, 0x03, 0xe8, 240 };
    body[2] = (uint8_t)(nonce >> 8);
    body[3] = (uint8_t)nonce;
    hear(2, session, body, sizeof body);
}

static void rise(void)
{
    const uint8_t ack[2] = { 1, 4 };
    welcome(9, 0x1234);
    while (next() != 0) continue;
    hear(5, 9, ack, 2);
}

static void greeting(void)
{
    start(65500); /* So that 16 bits of time wrap. */
    CHECK(seen.safe == QN_SAFE_START && seen.safes == 1, "outputs are made safe before anything else");
    CHECK(next() == 1 && body_bytes == 10, "HELLO is the first thing said");
    CHECK(memcmp(frame + 2, "\1\0\1\2\3\2\40\x12\x34\1", 10) == 0, "HELLO tells abi, version, channels, body, nonce, safe");
    CHECK(next() == 0, "HELLO is said once");
    now = (uint16_t)(now + 199);
    qn_link_poll(&link_, now);
    CHECK(next() == 0, "HELLO is not repeated before 200 ms");
    now = (uint16_t)(now + 1);
    qn_link_poll(&link_, now);
    CHECK(next() == 1, "HELLO is repeated after 200 ms");
    welcome(9, 0x9999);
    CHECK(next() == 0, "a WELCOME to another greeting is nothing");
    welcome(9, 0x1234);
    CHECK(seen.safe == QN_SAFE_NONE, "a session lifts the safe state of the start");
    CHECK(next() == 5 && frame[1] == 9 && frame[2] == 255, "WELCOME is answered with an ACK in its session");
    CHECK(next() == 9, "then with the safe state");
    CHECK(next() == 3 && frame[1] == 0 && body_bytes == 14, "then the first channel");
    CHECK(memcmp(frame + 5, "relay1\0\0\0\0\1", 11) == 0, "an output with its safe value behind its name");
    CHECK(next() == 3 && frame[1] == 1 && body_bytes == (int16_t)BODY_BYTES, "then the second, its name cut to a body");
    CHECK(seen.ups == 0 && next() == 0, "it is up only when the channels are acknowledged");
    welcome(9, 0x1234);
    CHECK(next() == 5 && seen.safes == 2, "a repeated WELCOME is answered and changes nothing");
    hear(5, 9, (const uint8_t *)"\1\4", 2);
    CHECK(seen.ups == 1, "then it is up, once");
    welcome(10, 0x1234);
    CHECK(next() == 1 && frame[10] == 0x35, "a WELCOME in another session begins anew with another nonce");
}

/* An application that sends whenever it can. */
static void eager(void)
{
    const uint8_t body[3] = { 1, 2, 3 };
    start(0);
    welcome(9, 0x1234);
    while (next() != 0) continue;
    CHECK(!qn_link_send(&link_, body, 3), "nothing can be sent while the channels are not acknowledged");
    hear(5, 9, (const uint8_t *)"\0\4", 2);
    CHECK(!qn_link_send(&link_, body, 3), "nor while some of them are not");
    hear(5, 9, (const uint8_t *)"\1\4", 2);
    CHECK(seen.ups == 1 && qn_link_send(&link_, body, 3), "so it cannot keep the link from being up");
}

static void receiving(void)
{
    uint8_t body[BODY_BYTES + 1];
    memset(body, 7, sizeof body);
    start(0);
    hear(4, 0, body, 3);
    CHECK(seen.data == 0, "DATA before WELCOME is nothing");
    rise();
    hear(4, 0, body, BODY_BYTES);
    CHECK(seen.data == 1 && seen.count == BODY_BYTES, "a body of the size announced is delivered");
    hear(4, 1, body, BODY_BYTES + 1);
    CHECK(seen.data == 1 && link_.counters.discarded_frames == 1, "one longer is discarded");
    CHECK(link_.counters.discarded_bytes == BODY_BYTES + 6, "and its bytes counted");
    hear(4, 0, body, 3);
    CHECK(seen.data == 1 && link_.counters.duplicates == 1, "a duplicate is dropped");
    CHECK(next() == 5 && frame[2] == 0, "and acknowledged again");
    hear(4, 2, body, 3);
    hear(4, 3, body, 3);
    CHECK(next() == 6 && frame[2] == 1 && frame[3] == 19 && next() == 0, "a gap is told once");
    body[0] = 0x51;
    hear(4, 1, body, 16);
    CHECK(seen.data == 1 && next() == 0, "a compact message cut short is nothing");
    hear(4, 1, body, 17);
    CHECK(seen.data == 2, "a whole one is delivered");
    hear(11, 0, (const uint8_t *)"\1", 1);
    CHECK(seen.restarts == 1, "RESET of the microcontroller asks the firmware to start anew");
}

static void sending(void)
{
    const uint8_t body[3] = { 1, 2, 3 };
    start(0);
    CHECK(!qn_link_send(&link_, body, 3), "nothing can be sent without a session");
    rise();
    CHECK(!qn_link_send(&link_, buffer, BODY_BYTES + 1), "too long a body is refused");
    for (int count = 0; count < 4; count++) CHECK(qn_link_send(&link_, body, 3), "four bodies are taken");
    CHECK(!qn_link_send(&link_, body, 3), "the fifth is refused");
    for (uint8_t seq = 2; seq < 6; seq++) CHECK(next() == 4 && frame[1] == seq, "they go out in order");
    CHECK(next() == 0, "and once");
    hear(6, 9, (const uint8_t *)"\3\23", 2);
    for (uint8_t seq = 3; seq < 6; seq++) CHECK(next() == 4 && frame[1] == seq, "a NAK brings back what is missed");
    hear(5, 9, (const uint8_t *)"\5\4", 2);
    CHECK(link_.used_count == 0 && qn_link_send(&link_, body, 3), "an ACK makes room");
    CHECK(qn_link_log(&link_, 1, "hello") == 0, "LOG gives way to what waits");
    now = (uint16_t)(now + 5);
    for (unsigned tries = 0; tries < 5; tries++) {
        CHECK(next() == 4 && frame[1] == 6, "it is sent five times");
        for (unsigned ms = 0; ms < 1000 && link_.sent_count > 0; ms++) {
            hear(7, 9, body, 0);
            link_.pinged_ms = ++now;
            qn_link_poll(&link_, now);
        }
    }
    CHECK(next() == 1 && !link_.is_joined, "then it asks for a new session");
}

static void watching(void)
{
    start(64000);
    rise();
    now = (uint16_t)(now + 999);
    qn_link_poll(&link_, now);
    CHECK(seen.safe == QN_SAFE_NONE, "outputs stay as they are for 999 ms without PING");
    hear(7, 9, (const uint8_t *)"\0\0\0\1", 4);
    now = (uint16_t)(now + 999);
    qn_link_poll(&link_, now);
    CHECK(seen.safe == QN_SAFE_NONE, "PING feeds the watchdog");
    now = (uint16_t)(now + 1);
    qn_link_poll(&link_, now);
    CHECK(seen.safe == QN_SAFE_WATCHDOG, "after 1 000 ms without one outputs go safe");
    while (next() != 1) continue;
    CHECK(frame[11] == QN_SAFE_WATCHDOG, "and the next HELLO says so");
    start(500);
    rise();
    qn_link_poll(&link_, 499);
    CHECK(seen.safe == QN_SAFE_NONE && link_.is_joined, "a time that was read before the last one is not 65 s later");
    qn_link_poll(&link_, 1500);
    CHECK(seen.safe == QN_SAFE_WATCHDOG, "and does not stop the watchdog");
    start(0);
    rise();
    while (next() != 0) continue;
    hear(7, 9, (const uint8_t *)"\1\2\3\4", 4);
    qn_link_poll(&link_, 0x00010005u);
    CHECK(next() == 8 && body_bytes == 9 && memcmp(frame + 2, "\1\2\3\4\0\0\1\0\5", 9) == 0, "PONG repeats PING and tells the own clock");
    start(0);
    rise();
    hear(11, 0, (const uint8_t *)"\0", 1);
    CHECK(seen.safe == QN_SAFE_NONE && !link_.is_joined, "RESET of the session leaves the outputs alone");
    now = 1000;
    qn_link_poll(&link_, now);
    CHECK(seen.safe == QN_SAFE_WATCHDOG, "unless no new session comes in time");
}

static void safety(void)
{
    start(0);
    rise();
    while (next() != 0) continue;
    qn_link_go_safe(&link_);
    CHECK(seen.safe == QN_SAFE_LOCAL && next() == 9 && frame[2] == QN_SAFE_LOCAL, "a local stop is told at once");
    hear(9, 9, (const uint8_t *)"\0", 1);
    CHECK(qn_link_safe(&link_) == QN_SAFE_LOCAL, "and the agent cannot lift it");
    qn_link_lift_safe(&link_);
    CHECK(seen.safe == QN_SAFE_NONE, "only the firmware can");
    hear(9, 9, (const uint8_t *)"\3", 1);
    CHECK(seen.safe == QN_SAFE_ASKED, "the agent's SAFE is obeyed");
    qn_link_lift_safe(&link_);
    CHECK(seen.safe == QN_SAFE_ASKED, "the firmware does not lift what the agent asked");
    hear(9, 9, (const uint8_t *)"\0", 1);
    CHECK(seen.safe == QN_SAFE_NONE, "the agent does");
    while (next() != 0) continue;
    CHECK(qn_link_log(&link_, 2, "a text that is longer than a body of thirty-two bytes") == 1, "LOG goes when the line is free");
    CHECK(next() == 10 && body_bytes == (int16_t)BODY_BYTES && frame[2] == 2, "cut to a body");
}

int main(void)
{
    greeting();
    eager();
    receiving();
    sending();
    watching();
    safety();
    printf("%u checks, %u failed; link %u bytes and %u of buffer\n", checks, failures, (unsigned)sizeof link_, (unsigned)sizeof buffer);
    return failures != 0;
}
