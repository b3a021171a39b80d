/*
 * Reference firmware: four outputs, two inputs, a voltage and an emergency stop as channels of the QN link. Values are
 * told as compact snapshots; commands are compact notifies (QN-3.3).
 */
#include "board.h"

#include "../qn_compact.h"
#include "../qn_link.h"

#ifndef FIRMWARE_VERSION
#define FIRMWARE_VERSION 1, 0, 0
#endif
#define BODY_BYTES 48u
#define ACKS_MAX 8u /* A power of two. */
#define VOLTAGE_EVERY_MS 100u
#define VOLTAGE_STEP_MV 25u

enum { FIRST_INPUT = OUTPUT_COUNT, VOLTAGE = OUTPUT_COUNT + INPUT_COUNT, STOP, CHANNEL_COUNT };

static const qn_channel channels[CHANNEL_COUNT] = {
    { 1, QN_OUTPUT(QN_BOOL), "out1", 0 },  { 2, QN_OUTPUT(QN_BOOL), "out2", 0 },     { 3, QN_OUTPUT(QN_BOOL), "out3", 0 },
    { 4, QN_OUTPUT(QN_BOOL), "out4", 0 },  { 5, QN_INPUT(QN_BOOL), "in1", 0 },       { 6, QN_INPUT(QN_BOOL), "in2", 0 },
    { 7, QN_INPUT(QN_MILLI), "volts", 0 }, { 8, QN_INPUT(QN_BOOL), "emergency-stop", 0 },
};

static qn_link link;
static uint8_t buffer[QN_LINK_BUFFER_BYTES(BODY_BYTES)];
static uint8_t outputs;
/* Bit n: channel n + 1 is to be told. Values are fetched when they are sent, so nothing needs a queue. */
static uint8_t untold;
static uint8_t told_inputs;
static uint16_t told_millivolts;
static uint8_t was_stopped;
/* Answers that wait for room. When full: drop the oldest; its sender asks again. */
static struct {
    uint32_t id;
    uint16_t channel;
    uint8_t status;
    uint8_t reason;
} acks[ACKS_MAX];
static uint8_t ack_in;
static uint8_t ack_out;

static uint32_t value_of(uint8_t index)
{
    if (index < FIRST_INPUT) return (board_read_outputs() >> index) & 1u;
    if (index < VOLTAGE) return (board_read_inputs() >> (index - FIRST_INPUT)) & 1u;
    if (index == VOLTAGE) return told_millivolts;
    return board_is_stopped();
}

static uint8_t send(const qn_compact *message)
{
    uint8_t bytes[QN_COMPACT_BYTES];
    qn_compact_encode(message, bytes);
    return qn_link_send(&link, bytes, sizeof bytes);
}

static uint8_t send_value(uint8_t index)
{
    static uint32_t count;
    qn_compact message = { QN_SNAPSHOT, 0, 0, 0, QN_CLOCK_BOOT, 0, 0, 0, 0 };
    message.value_type = channels[index].kind & 0x0f;
    message.priority = index == STOP ? 3 : 0;
    message.channel = channels[index].number;
    message.id = ++count;
    message.ts = board_now_ms();
    message.value = value_of(index);
    return send(&message);
}

static uint8_t send_ack(uint8_t at)
{
    qn_compact message = { QN_ACK, QN_U32, 0, 0, QN_CLOCK_BOOT, 0, 0, 0, 0 };
    message.channel = acks[at].channel;
    message.id = acks[at].id;
    message.ts = board_now_ms();
    message.value = QN_ACK_VALUE(acks[at].status, acks[at].reason);
    return send(&message);
}

static void answer(const qn_compact *message, uint8_t status, uint8_t reason)
{
    if (reason == QN_NO_REASON && !message->ack_wanted) return;
    if ((uint8_t)(ack_in - ack_out) == ACKS_MAX) ack_out++;
    acks[ack_in % ACKS_MAX].id = message->id;
    acks[ack_in % ACKS_MAX].channel = message->channel;
    acks[ack_in % ACKS_MAX].status = status;
    acks[ack_in % ACKS_MAX].reason = reason;
    ack_in++;
}

static uint8_t command(uint8_t index, const qn_compact *message)
{
    uint8_t bit = (uint8_t)(1u << index);
    if (index >= FIRST_INPUT) return QN_UNSUPPORTED;
    if (message->value_type != QN_BOOL) return QN_OUT_OF_RANGE;
    if (message->value && (board_is_stopped() || qn_link_safe(&link) != QN_SAFE_NONE)) return QN_INTERLOCKED;
    outputs = (uint8_t)(message->value ? outputs | bit : outputs & ~bit);
    board_write_outputs(outputs);
    untold |= bit;
    return QN_NO_REASON;
}

static void on_data(void *context, const uint8_t *body, uint8_t count)
{
    qn_compact message;
    uint8_t reason;
    (void)context;
    message.id = 0;
    message.channel = 0;
    reason = qn_compact_decode(&message, body, count);
    if (reason == 0 && (message.channel == 0 || message.channel > CHANNEL_COUNT)) reason = QN_UNKNOWN_DOCUMENT;
    else if (reason == 0 && message.kind == QN_QUERY) untold |= (uint8_t)(1u << (message.channel - 1u));
    else if (reason == 0 && message.kind == QN_NOTIFY) reason = command((uint8_t)(message.channel - 1u), &message);
    else if (reason == 0) reason = QN_UNSUPPORTED;
    if (reason == 0 && message.kind == QN_QUERY) return; /* Answered by the value. */
    answer(&message, reason == 0 ? QN_SUCCESSFUL : QN_REJECTED, reason);
}

static void on_up(void *context)
{
    (void)context;
    untold = 0xff;
}

static void on_safe(void *context, uint8_t reason)
{
    (void)context;
    if (reason == QN_SAFE_NONE) return;
    outputs = 0;
    board_write_outputs(outputs);
    untold |= 0x0f;
}

static void on_restart(void *context)
{
    (void)context;
    board_restart();
}

static void watch_inputs(void)
{
    uint8_t now = board_read_inputs();
    untold |= (uint8_t)((now ^ told_inputs) << FIRST_INPUT);
    told_inputs = now;
}

static void watch_voltage(uint16_t now_ms)
{
    static uint16_t last_ms;
    uint16_t now = board_read_millivolts();
    uint16_t step = now > told_millivolts ? (uint16_t)(now - told_millivolts) : (uint16_t)(told_millivolts - now);
    if ((uint16_t)(now_ms - last_ms) < VOLTAGE_EVERY_MS || step < VOLTAGE_STEP_MV) return;
    last_ms = now_ms;
    told_millivolts = now;
    untold |= 1u << VOLTAGE;
}

/* The outputs are off already when this is reached. */
static void watch_stop(void)
{
    uint8_t is_stopped = board_is_stopped();
    if (is_stopped == was_stopped) return;
    was_stopped = is_stopped;
    untold |= (uint8_t)(1u << STOP);
    if (is_stopped) qn_link_go_safe(&link);
    else qn_link_lift_safe(&link);
}

/* The emergency stop before the answers, the answers before the values. */
static void tell(void)
{
    if ((untold & (1u << STOP)) && send_value(STOP)) untold &= (uint8_t)~(1u << STOP);
    while (ack_out != ack_in && send_ack(ack_out % ACKS_MAX)) ack_out++;
    for (uint8_t index = 0; index < STOP && ack_out == ack_in; index++) {
        uint8_t bit = (uint8_t)(1u << index);
        if ((untold & bit) && send_value(index)) untold &= (uint8_t)~bit;
    }
}

static void exchange(void)
{
    uint32_t now_ms = board_now_ms();
    uint8_t bytes[16];
    uint8_t count = board_receive(bytes, sizeof bytes);
    if (count > 0) qn_link_receive(&link, bytes, count, now_ms);
    qn_link_poll(&link, now_ms);
    if (board_can_send() && qn_link_pull(&link, bytes, 1) == 1) board_send(bytes[0]);
}

int main(void)
{
    static const qn_link_config config = { { FIRMWARE_VERSION }, CHANNEL_COUNT, channels, 0, on_data, on_up, on_safe, on_restart };
    uint16_t sampled_ms = 0;
    board_init();
    qn_link_init(&link, &config, buffer, BODY_BYTES, board_start_count(), (uint16_t)board_now_ms());
    for (;;) {
        uint16_t now_ms = (uint16_t)board_now_ms();
        board_is_alive();
        watch_stop();
        if (now_ms != sampled_ms) {
            sampled_ms = now_ms;
            board_sample();
            watch_inputs();
            watch_voltage(now_ms);
            board_show_link(qn_link_safe(&link) == QN_SAFE_NONE);
        }
        tell();
        exchange();
    }
}
