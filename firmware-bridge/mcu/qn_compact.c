#include "qn_compact.h"

static uint32_t read_u32(const uint8_t *bytes)
{
    return ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) | bytes[3];
}

static void write_u32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

/* Bits a type does not use are zero; a float is a number. */
static uint8_t is_value(uint8_t value_type, uint32_t value)
{
    if (value_type == QN_NONE) return value == 0;
    if (value_type == QN_BOOL) return value < 2;
    if (value_type == QN_F32) return (value & 0x7f800000u) != 0x7f800000u;
    return value_type <= QN_MILLI;
}

uint8_t qn_compact_decode(qn_compact *message, const uint8_t *bytes, uint8_t count)
{
    if (count != QN_COMPACT_BYTES || bytes[0] != 0x51) return QN_MALFORMED;
    message->kind = (uint8_t)(bytes[1] >> 4);
    message->value_type = bytes[1] & 0x0f;
    message->priority = bytes[2] & 3;
    message->ack_wanted = (bytes[2] >> 2) & 1;
    message->clock = (bytes[2] >> 3) & 3;
    message->channel = (uint16_t)(((uint16_t)bytes[3] << 8) | bytes[4]);
    message->id = read_u32(bytes + 5);
    message->ts = read_u32(bytes + 9);
    message->value = read_u32(bytes + 13);
    if (message->kind < QN_QUERY || message->kind > QN_HEALTH) return 4; /* unknown-type */
    if (bytes[2] >> 5 != 0 || message->clock > QN_CLOCK_BOOT) return QN_MALFORMED;
    return is_value(message->value_type, message->value) ? 0 : QN_MALFORMED;
}

void qn_compact_encode(const qn_compact *message, uint8_t *bytes)
{
    bytes[0] = 0x51;
    bytes[1] = (uint8_t)((message->kind << 4) | (message->value_type & 0x0f));
    bytes[2] = (uint8_t)((message->priority & 3) | ((message->ack_wanted & 1) << 2) | ((message->clock & 3) << 3));
    bytes[3] = (uint8_t)(message->channel >> 8);
    bytes[4] = (uint8_t)message->channel;
    write_u32(bytes + 5, message->id);
    write_u32(bytes + 9, message->ts);
    write_u32(bytes + 13, message->value);
}
