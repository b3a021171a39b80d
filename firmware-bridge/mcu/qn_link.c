#include "qn_link.h"

#include <string.h>

/* QN-8.2 */
enum { HELLO = 1, WELCOME, CHANNEL, DATA, ACK, NAK, PING, PONG, SAFE, LOG, RESET };
enum { REASON_VERSION_GAP = 19, SCOPE_MICROCONTROLLER = 1 };
/* What is to be sent as soon as the line is free; each at most once, so that no queue is needed. */
enum { DUE_HELLO = 1, DUE_ACK = 2, DUE_GAP = 4, DUE_SAFE = 8, DUE_PONG = 16 };
enum { OVERLONG = 0xff, BACK_MS_MAX = 1000 };

static uint16_t since(const qn_link *link, uint16_t then_ms)
{
    return (uint16_t)(link->now_ms - then_ms);
}

/* A time that was read before that of the last call is no time at all, or it would be 65 s later. */
static void set_time(qn_link *link, uint32_t now_ms)
{
    if (link->clock_ms - now_ms < BACK_MS_MAX) return;
    link->clock_ms = now_ms;
    link->now_ms = (uint16_t)now_ms;
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (uint8_t at = 4; at-- > 0; value >>= 8) bytes[at] = (uint8_t)value;
}

static uint16_t u16_at(const uint8_t *bytes)
{
    return (uint16_t)(((uint16_t)bytes[0] << 8) | bytes[1]);
}

/* ---- sessions ---- */

static void set_safe(qn_link *link, uint8_t reason)
{
    uint8_t is_new = (uint8_t)(reason != link->safe);
    link->safe = reason;
    link->due |= DUE_SAFE;
    if (is_new) link->config->on_safe(link->config->context, reason);
}

/* Whatever is not acknowledged is lost; a frame half sent goes on, so that the other side finds its end. */
static void forget(qn_link *link)
{
    link->expected_seq = link->is_gap_told = 0;
    link->first_slot = link->first_seq = link->used_count = link->sent_count = link->resent_count = 0;
    link->tries = link->doublings = link->channel_at = link->is_up_told = 0;
    link->smoothed_8th_ms = 0;
    link->window_count = QN_WINDOW_COUNT;
    link->due = 0;
}

static void greet(qn_link *link)
{
    link->due |= DUE_HELLO;
    link->greeted_ms = link->now_ms;
}

static void leave(qn_link *link)
{
    forget(link);
    link->is_joined = 0;
    link->nonce++;
    greet(link);
}

static void tell_up(qn_link *link)
{
    if (link->is_up_told || link->used_count > 0 || link->channel_at < link->config->channel_count) return;
    link->is_up_told = 1;
    link->config->on_up(link->config->context);
}

static void take_welcome(qn_link *link, uint8_t session, const uint8_t *body)
{
    uint16_t watchdog_ms = u16_at(body + 4);
    if (u16_at(body + 2) != link->nonce) return;
    if (link->is_joined && session != link->session) { /* An agent that began anew and does not know it yet. */
        leave(link);
        return;
    }
    if (!link->is_joined) {
        forget(link);
        link->is_joined = 1;
        link->session = session;
        link->watchdog_ms = watchdog_ms < QN_WATCHDOG_MS_MIN ? QN_WATCHDOG_MS_MIN : watchdog_ms;
        link->pinged_ms = link->now_ms;
        link->counters.sessions++;
        if (link->safe == QN_SAFE_START || link->safe == QN_SAFE_WATCHDOG) set_safe(link, QN_SAFE_NONE);
        tell_up(link);
    }
    link->due |= DUE_ACK; /* The answer WELCOME is repeated for. */
}

/* ---- numbered frames, out: go back N ---- */

static uint8_t *slot(const qn_link *link, uint8_t index)
{
    uint8_t at = (uint8_t)((link->first_slot + index) % QN_WINDOW_COUNT);
    return link->slots + (uint16_t)at * (link->body_bytes_max + 2u);
}

/* Where the body goes: a slot is type, count, body. */
static uint8_t *use_slot(qn_link *link, uint8_t type, uint8_t count)
{
    uint8_t *to = slot(link, link->used_count++);
    to[0] = type;
    to[1] = count;
    return to + 2;
}

static void fill_channels(qn_link *link)
{
    while (link->channel_at < link->config->channel_count && link->used_count < QN_WINDOW_COUNT) {
        const qn_channel *channel = &link->config->channels[link->channel_at++];
        uint8_t name_bytes_max = link->body_bytes_max - 3u < QN_CHANNEL_NAME_BYTES_MAX ? (uint8_t)(link->body_bytes_max - 3u)
                                                                                       : QN_CHANNEL_NAME_BYTES_MAX;
        size_t length = strlen(channel->name);
        uint8_t name_bytes = length < name_bytes_max ? (uint8_t)length : name_bytes_max;
        uint8_t is_output = (uint8_t)((channel->kind & 0xf0u) == 0x10u && name_bytes + 8u <= link->body_bytes_max);
        uint8_t *body = use_slot(link, CHANNEL, (uint8_t)(name_bytes + (is_output ? 8u : 3u)));
        body[0] = (uint8_t)(channel->number >> 8);
        body[1] = (uint8_t)channel->number;
        body[2] = channel->kind;
        memcpy(body + 3, channel->name, name_bytes);
        if (!is_output) continue;
        body[3 + name_bytes] = 0;
        put_u32(body + 4 + name_bytes, channel->safe);
    }
}

static uint16_t resend_after_ms(const qn_link *link)
{
    uint16_t ms = (uint16_t)(link->smoothed_8th_ms * 3u / 8u);
    uint8_t doublings = link->doublings;
    if (link->smoothed_8th_ms == 0) ms = QN_RESEND_MS_INITIAL;
    if (ms < QN_RESEND_MS_MIN) ms = QN_RESEND_MS_MIN;
    while (doublings-- > 0 && ms < QN_RESEND_MS_MAX) ms = (uint16_t)(ms * 2u);
    return ms < QN_RESEND_MS_MAX ? ms : QN_RESEND_MS_MAX;
}

/* Only of what was sent once: of two sendings nobody knows which one was answered. */
static void measure(qn_link *link, uint16_t ms)
{
    if (ms > QN_RESEND_MS_MAX) ms = QN_RESEND_MS_MAX;
    if (link->smoothed_8th_ms == 0) link->smoothed_8th_ms = (uint16_t)(ms * 8u);
    else link->smoothed_8th_ms = (uint16_t)(link->smoothed_8th_ms - link->smoothed_8th_ms / 8u + ms);
    if (link->smoothed_8th_ms == 0) link->smoothed_8th_ms = 1;
    link->doublings = 0;
}

static void go_back(qn_link *link)
{
    link->counters.resent = (uint16_t)(link->counters.resent + link->sent_count);
    if (link->sent_count > link->resent_count) link->resent_count = link->sent_count;
    link->sent_count = 0;
}

/* Everything up to `seq` arrived. */
static void take_ack(qn_link *link, uint8_t seq)
{
    /* What went out before a go_back may be acknowledged before it is sent again. */
    uint8_t known = link->sent_count > link->resent_count ? link->sent_count : link->resent_count;
    uint8_t done = (uint8_t)(seq - link->first_seq + 1u);
    if (done == 0 || done > known) return;
    if (done > link->resent_count) measure(link, since(link, link->sent_ms[(uint8_t)(seq % QN_WINDOW_COUNT)]));
    link->resent_count = link->resent_count > done ? (uint8_t)(link->resent_count - done) : 0;
    link->sent_count = link->sent_count > done ? (uint8_t)(link->sent_count - done) : 0;
    link->used_count = (uint8_t)(link->used_count - done);
    link->first_slot = (uint8_t)((link->first_slot + done) % QN_WINDOW_COUNT);
    link->first_seq = (uint8_t)(seq + 1u);
    link->tries = 1;
    link->timer_ms = link->now_ms;
    tell_up(link);
}

static void take_nak(qn_link *link, uint8_t seq, uint8_t reason)
{
    if (reason != REASON_VERSION_GAP) return;
    take_ack(link, (uint8_t)(seq - 1u));
    if (seq == link->first_seq && link->sent_count > 0) go_back(link);
}

static void poll_resend(qn_link *link)
{
    if (link->sent_count == 0 || since(link, link->timer_ms) < resend_after_ms(link)) return;
    if (link->tries >= QN_TRIES_MAX) {
        leave(link);
        return;
    }
    link->tries++;
    if (link->doublings < 10) link->doublings++;
    go_back(link);
}

/* ---- frames, in ---- */

static void take_data(qn_link *link, uint8_t seq, const uint8_t *body, uint8_t count)
{
    uint8_t ahead = (uint8_t)(seq - link->expected_seq);
    /* A compact message cut short: the checksum does not see when a frame loses a zero at its end (QN-8.5b). */
    if (count > 0 && body[0] == 0x51 && count != 17) return;
    if (ahead == 0) {
        link->expected_seq++;
        link->is_gap_told = 0;
        link->due |= DUE_ACK;
        link->config->on_data(link->config->context, body, count);
    } else if (ahead >= 128) {
        link->counters.duplicates++;
        link->due |= DUE_ACK;
    } else {
        link->counters.gaps++;
        if (!link->is_gap_told) link->due |= DUE_GAP; /* Once for each gap, or four frames would ask four times. */
        link->is_gap_told = 1;
    }
}

static void take_safe(qn_link *link, uint8_t reason)
{
    if (reason != QN_SAFE_NONE && link->safe == QN_SAFE_NONE) set_safe(link, QN_SAFE_ASKED);
    else if (reason == QN_SAFE_NONE && link->safe == QN_SAFE_ASKED) set_safe(link, QN_SAFE_NONE);
    else link->due |= DUE_SAFE;
}

static void take_joined(qn_link *link, uint8_t type, const uint8_t *body, uint8_t count)
{
    if (type == PING && count >= 4) {
        memcpy(link->ping, body, 4);
        link->pinged_ms = link->now_ms;
        link->due |= DUE_PONG;
    } else if (type == SAFE && count >= 1) {
        take_safe(link, body[0]);
    } else if (type == ACK && count >= 2) {
        link->window_count = body[1] == 0 ? 1 : body[1]; /* QN-8.3c */
        take_ack(link, body[0]);
    } else if (type == NAK && count >= 2) {
        take_nak(link, body[0], body[1]);
    }
}

static void take_reset(qn_link *link, uint8_t scope)
{
    if (scope == SCOPE_MICROCONTROLLER) link->config->on_restart(link->config->context);
    else if (link->is_joined) leave(link);
    else greet(link);
}

static void take_frame(qn_link *link, const uint8_t *frame, uint8_t count)
{
    uint8_t type = frame[0];
    uint8_t seq = frame[1];
    const uint8_t *body = frame + 2;
    if (type == RESET) take_reset(link, count > 0 ? body[0] : 0);
    else if (type == WELCOME && count >= 7) take_welcome(link, seq, body);
    else if (!link->is_joined) return;
    else if (type == DATA) take_data(link, seq, body, count);
    else if (seq == link->session) take_joined(link, type, body, count);
}

static void end_frame(qn_link *link)
{
    uint8_t count = link->rx_count;
    int16_t body_bytes = count == OVERLONG ? -1 : qn_frame_decode(link->rx, count);
    if (count == 0) return;
    link->rx_count = 0;
    if (body_bytes < 0) {
        link->counters.discarded_frames++;
        link->counters.discarded_bytes = (uint16_t)(link->counters.discarded_bytes + count);
        return;
    }
    link->counters.frames++;
#ifdef QN_LINK_TAP /* For tests and traces: shown every whole frame before anything is made of it. */
    QN_LINK_TAP(link->rx[0], link->rx[1], link->rx + 2, (uint8_t)body_bytes);
#endif
    take_frame(link, link->rx, (uint8_t)body_bytes);
}

void qn_link_receive(qn_link *link, const uint8_t *bytes, uint16_t count, uint32_t now_ms)
{
    set_time(link, now_ms);
    while (count-- > 0) {
        uint8_t byte = *bytes++;
        if (byte == 0) {
            end_frame(link);
        } else if (link->rx_count == OVERLONG) {
            link->counters.discarded_bytes++;
        } else if (link->rx_count >= QN_ENCODED_BYTES(link->body_bytes_max)) {
            /* Counted from here on byte by byte; the marker itself stands for 255 at the end of the frame. */
            link->counters.discarded_bytes = (uint16_t)(link->counters.discarded_bytes + link->rx_count + 1u - OVERLONG);
            link->rx_count = OVERLONG;
        } else {
            link->rx[link->rx_count++] = byte;
        }
    }
}

/* ---- frames, out ---- */

static void encode(qn_link *link, uint8_t type, uint8_t seq, const uint8_t *body, uint8_t count)
{
    link->tx_at = 0;
    link->tx_count = qn_frame_encode(link->tx, type, seq, body, count);
}

/* With a delimiter in front: what came before it may be half a frame (QN-8.5a). */
static void encode_hello(qn_link *link)
{
    uint8_t body[10];
    body[0] = (uint8_t)(QN_LINK_ABI >> 8);
    body[1] = (uint8_t)QN_LINK_ABI;
    memcpy(body + 2, link->config->version, 3);
    body[5] = link->config->channel_count;
    body[6] = link->body_bytes_max;
    body[7] = (uint8_t)(link->nonce >> 8);
    body[8] = (uint8_t)link->nonce;
    body[9] = link->safe;
    link->tx[0] = 0;
    link->tx_at = 0;
    link->tx_count = (uint8_t)(qn_frame_encode(link->tx + 1, HELLO, 0, body, sizeof body) + 1u);
}

static void encode_slot(qn_link *link)
{
    uint8_t index = link->sent_count;
    uint8_t seq = (uint8_t)(link->first_seq + index);
    const uint8_t *from = slot(link, index);
    if (index == 0) {
        link->timer_ms = link->now_ms;
        if (link->tries == 0) link->tries = 1;
    }
    link->sent_ms[(uint8_t)(seq % QN_WINDOW_COUNT)] = link->now_ms;
    link->sent_count++;
    encode(link, from[0], seq, from + 2, from[1]);
}

static uint8_t is_due(qn_link *link, uint8_t what)
{
    uint8_t is = (uint8_t)(link->due & what);
    link->due = (uint8_t)(link->due & ~what);
    return is;
}

/* The most urgent one; 0 when there is none. */
static uint8_t next_frame(qn_link *link)
{
    uint8_t body[9];
    if (is_due(link, DUE_HELLO)) {
        encode_hello(link);
        return 1;
    }
    if (!link->is_joined) return 0;
    if (is_due(link, DUE_ACK)) {
        body[0] = (uint8_t)(link->expected_seq - 1u);
        body[1] = QN_WINDOW_COUNT;
        encode(link, ACK, link->session, body, 2);
    } else if (is_due(link, DUE_GAP)) {
        body[0] = link->expected_seq;
        body[1] = REASON_VERSION_GAP;
        encode(link, NAK, link->session, body, 2);
    } else if (is_due(link, DUE_SAFE)) {
        encode(link, SAFE, link->session, &link->safe, 1);
    } else if (is_due(link, DUE_PONG)) {
        memcpy(body, link->ping, 4);
        body[4] = link->safe;
        put_u32(body + 5, link->clock_ms);
        encode(link, PONG, link->session, body, 9);
    } else {
        fill_channels(link);
        if (link->sent_count >= link->used_count || link->sent_count >= link->window_count) return 0;
        encode_slot(link);
    }
    return 1;
}

uint16_t qn_link_pull(qn_link *link, uint8_t *bytes, uint16_t count_max)
{
    uint16_t count = 0;
    while (count < count_max && (link->tx_at < link->tx_count || next_frame(link))) bytes[count++] = link->tx[link->tx_at++];
    return count;
}

/* ---- the rest of the surface ---- */

void qn_link_init(qn_link *link, const qn_link_config *config, uint8_t *buffer, uint8_t body_bytes_max, uint16_t nonce,
                  uint32_t now_ms)
{
    memset(link, 0, sizeof *link);
    link->config = config;
    link->body_bytes_max = body_bytes_max;
    link->rx = buffer;
    link->tx = link->rx + QN_ENCODED_BYTES(body_bytes_max);
    link->slots = link->tx + QN_WIRE_BYTES(body_bytes_max);
    link->clock_ms = now_ms;
    link->now_ms = link->pinged_ms = (uint16_t)now_ms;
    link->watchdog_ms = QN_WATCHDOG_MS;
    link->nonce = nonce;
    forget(link);
    set_safe(link, QN_SAFE_START);
    greet(link);
}

void qn_link_poll(qn_link *link, uint32_t now_ms)
{
    set_time(link, now_ms);
    if (since(link, link->pinged_ms) >= link->watchdog_ms) { /* QN-8.4 */
        if (link->safe == QN_SAFE_NONE) set_safe(link, QN_SAFE_WATCHDOG);
        if (link->is_joined) leave(link);
    }
    if (link->is_joined) poll_resend(link);
    else if (since(link, link->greeted_ms) >= QN_GREET_EVERY_MS) greet(link);
}

uint8_t qn_link_send(qn_link *link, const uint8_t *body, uint8_t count)
{
    if (!link->is_up_told || link->used_count >= QN_WINDOW_COUNT || count > link->body_bytes_max) return 0;
    memcpy(use_slot(link, DATA, count), body, count);
    return 1;
}

void qn_link_go_safe(qn_link *link)
{
    set_safe(link, QN_SAFE_LOCAL);
}

void qn_link_lift_safe(qn_link *link)
{
    if (link->safe == QN_SAFE_LOCAL) set_safe(link, link->is_joined ? QN_SAFE_NONE : QN_SAFE_WATCHDOG);
}

uint8_t qn_link_safe(const qn_link *link)
{
    return link->safe;
}

uint8_t qn_link_log(qn_link *link, uint8_t level, const char *text)
{
    uint8_t count = 0;
    uint8_t *body = link->slots; /* Free while nothing waits, and encoded before anything can. */
    if (!link->is_joined || link->used_count > 0 || link->due != 0 || link->tx_at < link->tx_count) return 0;
    body[count++] = level;
    while (*text != '\0' && count < link->body_bytes_max) body[count++] = (uint8_t)*text++;
    encode(link, LOG, link->session, body, count);
    return 1;
}
