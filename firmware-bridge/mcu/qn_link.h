/*
 * The microcontroller's end of the QN link (QN-8): C99, no memory of its own, no OS, no interrupt, no float. The same
 * four calls on bare metal, Arduino, FreeRTOS and Zephyr, all from one thread (or under one lock):
 *
 *   qn_link_receive  whatever bytes the UART got, cut anyhow
 *   qn_link_poll     the time, at least every few milliseconds: watchdog, resending
 *   qn_link_pull     bytes for the UART, as many as it takes now
 *   qn_link_send     a body (17 bytes of qn_compact.h, or CBOR) for the agent
 *
 * It greets until the agent answers, tells the channels, delivers each DATA body once and in order, and puts the
 * outputs into their safe state by itself when the agent's PINGs stay away.
 */
#ifndef QN_LINK_H
#define QN_LINK_H

#include "qn_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_LINK_ABI 0x0100u
#define QN_WINDOW_COUNT 4u
#define QN_RESEND_MS_MIN 20u
#define QN_RESEND_MS_MAX 1000u
#define QN_RESEND_MS_INITIAL 200u
#define QN_TRIES_MAX 5u
#define QN_WATCHDOG_MS 1000u
#define QN_WATCHDOG_MS_MIN 100u
#define QN_GREET_EVERY_MS 200u
#define QN_CHANNEL_NAME_BYTES_MAX 32u

/* Why the outputs are in their safe state. */
enum qn_safe { QN_SAFE_NONE, QN_SAFE_START, QN_SAFE_WATCHDOG, QN_SAFE_ASKED, QN_SAFE_LOCAL };

/* Kind of a channel: role from the agent's side, and the value type of qn_compact.h. */
#define QN_OUTPUT(value_type) (uint8_t)(0x10 | (value_type))
#define QN_INPUT(value_type) (uint8_t)(0x20 | (value_type))

typedef struct {
    uint16_t number;
    uint8_t kind;
    const char *name; /* [a-z0-9][a-z0-9_-]*, at most QN_CHANNEL_NAME_BYTES_MAX, and 8 less than a body. */
    uint32_t safe;    /* Of an output: its value in the safe state, as qn_compact.value has it. */
} qn_channel;

/* Callbacks come from within the four calls and must not call qn_link_receive, _poll or _pull. None may be absent. */
typedef struct {
    uint8_t version[3];
    uint8_t channel_count;
    const qn_channel *channels;
    void *context;
    /* The body is valid during the call only. qn_link_send is allowed. */
    void (*on_data)(void *context, const uint8_t *body, uint8_t count);
    /* The agent knows the channels: time to tell the value of each. Once per session. */
    void (*on_up)(void *context);
    /* Drive every output to its safe level, now; QN_SAFE_NONE: commands are welcome again, change nothing. */
    void (*on_safe)(void *context, uint8_t reason);
    /* The agent asks for a start as after power-on. May return without. */
    void (*on_restart)(void *context);
} qn_link_config;

/* Totals; they wrap. */
typedef struct {
    uint16_t frames;
    uint16_t discarded_frames;
    uint16_t discarded_bytes;
    uint16_t duplicates;
    uint16_t gaps;
    uint16_t resent;
    uint16_t sessions;
} qn_link_counters;

/* Everything the link remembers; its fields are nobody else's business. */
typedef struct {
    const qn_link_config *config;
    uint8_t *rx;
    uint8_t *tx;
    uint8_t *slots;
    qn_link_counters counters;
    uint32_t clock_ms;
    uint16_t now_ms;
    uint16_t pinged_ms;
    uint16_t greeted_ms;
    uint16_t timer_ms;
    uint16_t sent_ms[QN_WINDOW_COUNT];
    uint16_t watchdog_ms;
    uint16_t nonce;
    uint16_t smoothed_8th_ms;
    uint8_t body_bytes_max;
    uint8_t rx_count;
    uint8_t tx_count;
    uint8_t tx_at;
    uint8_t due;
    uint8_t is_joined;
    uint8_t is_up_told;
    uint8_t session;
    uint8_t safe;
    uint8_t expected_seq;
    uint8_t is_gap_told;
    uint8_t first_slot;
    uint8_t first_seq;
    uint8_t used_count;
    uint8_t sent_count;
    uint8_t resent_count;
    uint8_t window_count;
    uint8_t tries;
    uint8_t doublings;
    uint8_t channel_at;
    uint8_t ping[4];
} qn_link;

/*
 * What qn_link_init wants for bodies of at most so many bytes (17 for compact messages, QN_BODY_BYTES_MAX at most): one
 * frame in, one frame out, four that wait.
 */
#define QN_LINK_BUFFER_BYTES(body_bytes) \
    (QN_ENCODED_BYTES(body_bytes) + QN_WIRE_BYTES(body_bytes) + QN_WINDOW_COUNT * ((body_bytes) + 2u))

/*
 * Calls on_safe(QN_SAFE_START). `buffer` of QN_LINK_BUFFER_BYTES(body_bytes_max) and `config` stay the link's.
 * `nonce` should differ from start to start, as far as the hardware can: a count in EEPROM or in memory that is not
 * cleared. Times are a millisecond counter that wraps at 32 bits; the agent measures how far it is from its own clock.
 */
void qn_link_init(qn_link *link, const qn_link_config *config, uint8_t *buffer, uint8_t body_bytes_max, uint16_t nonce,
                  uint32_t now_ms);

void qn_link_receive(qn_link *link, const uint8_t *bytes, uint16_t count, uint32_t now_ms);
void qn_link_poll(qn_link *link, uint32_t now_ms);
/* How many bytes were written, 0 when there is nothing to send. */
uint16_t qn_link_pull(qn_link *link, uint8_t *bytes, uint16_t count_max);

/*
 * 1 when the body was copied and will be delivered once, unless the session ends first: tell the state again in on_up.
 * 0 when there is no session, the agent does not know the channels yet, four bodies wait already, or it is too long.
 */
uint8_t qn_link_send(qn_link *link, const uint8_t *body, uint8_t count);

/* For an emergency stop and its like, after the outputs were driven: told at once, and lifted by nobody else. */
void qn_link_go_safe(qn_link *link);
void qn_link_lift_safe(qn_link *link);
uint8_t qn_link_safe(const qn_link *link);

/* Lossy: 0 when the line is busy. Level 0 debug, 1 info, 2 warning, 3 error; text is cut to a body. */
uint8_t qn_link_log(qn_link *link, uint8_t level, const char *text);

#ifdef __cplusplus
}
#endif

#endif
