#include "one_output.h"

#include "../qn_compact.h"

#define BODY_BYTES 48u
#define OUTPUT 1u

static const qn_channel channels[] = { { OUTPUT, QN_OUTPUT(QN_BOOL), "out1", 0 } };

static qn_link link_to_board;
static uint8_t buffer[QN_LINK_BUFFER_BYTES(BODY_BYTES)];
static void (*drive_pin)(uint8_t is_on);
static void (*start_anew)(void);
static uint8_t is_on;
static uint32_t now;
/* What is to be sent as soon as there is room. One ack for each output: the board sends one command at a time to each. */
static uint8_t owes_value;
static uint8_t owes_ack;
static uint32_t ack_id;
static uint32_t ack_value;

static void set(uint8_t wanted)
{
    is_on = wanted;
    drive_pin(wanted);
    owes_value = 1;
}

static uint8_t send(uint8_t kind, uint8_t value_type, uint32_t id, uint32_t value)
{
    qn_compact message = { 0, 0, 0, 0, QN_CLOCK_BOOT, OUTPUT, 0, 0, 0 };
    uint8_t bytes[QN_COMPACT_BYTES];
    message.kind = kind;
    message.value_type = value_type;
    message.id = id;
    message.ts = now;
    message.value = value;
    qn_compact_encode(&message, bytes);
    return qn_link_send(&link_to_board, bytes, sizeof bytes);
}

static uint8_t obey(const qn_compact *command)
{
    if (command->channel != OUTPUT) return QN_UNKNOWN_DOCUMENT;
    if (command->kind != QN_NOTIFY) return QN_UNSUPPORTED;
    if (command->value_type != QN_BOOL) return QN_OUT_OF_RANGE;
    if (command->value && qn_link_safe(&link_to_board) != QN_SAFE_NONE) return QN_INTERLOCKED;
    set((uint8_t)command->value);
    return QN_NO_REASON;
}

static void on_data(void *context, const uint8_t *body, uint8_t count)
{
    qn_compact command;
    uint8_t reason;
    (void)context;
    command.id = 0;
    reason = qn_compact_decode(&command, body, count);
    if (reason == QN_NO_REASON) reason = obey(&command);
    owes_ack = 1;
    ack_id = command.id;
    ack_value = QN_ACK_VALUE(reason == QN_NO_REASON ? QN_SUCCESSFUL : QN_REJECTED, reason);
}

static void on_up(void *context)
{
    (void)context;
    owes_value = 1;
}

static void on_safe(void *context, uint8_t reason)
{
    (void)context;
    if (reason != QN_SAFE_NONE) set(0);
}

static void on_restart(void *context)
{
    (void)context;
    start_anew();
}

void one_output_begin(void (*drive)(uint8_t is_on), void (*restart)(void), uint16_t nonce, uint32_t now_ms)
{
    static const qn_link_config config = { { 1, 0, 0 }, 1, channels, 0, on_data, on_up, on_safe, on_restart };
    drive_pin = drive;
    start_anew = restart;
    qn_link_init(&link_to_board, &config, buffer, BODY_BYTES, nonce, now_ms);
}

void one_output_step(const uint8_t *bytes, uint16_t count, uint32_t now_ms)
{
    static uint32_t value_id;
    now = now_ms;
    if (count > 0) qn_link_receive(&link_to_board, bytes, count, now_ms);
    qn_link_poll(&link_to_board, now_ms);
    if (owes_ack && send(QN_ACK, QN_U32, ack_id, ack_value)) owes_ack = 0;
    if (!owes_ack && owes_value && send(QN_SNAPSHOT, QN_BOOL, ++value_id, is_on)) owes_value = 0;
}

uint8_t one_output_next(uint8_t *byte)
{
    return (uint8_t)qn_link_pull(&link_to_board, byte, 1);
}
