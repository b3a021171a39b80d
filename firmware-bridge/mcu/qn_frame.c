#include "qn_frame.h"

/* One byte, without a table: 512 bytes of flash are worth more here than a microsecond. */
static uint16_t crc_step(uint16_t crc, uint8_t byte)
{
    uint8_t mixed = (uint8_t)((crc >> 8) ^ byte);
    mixed ^= (uint8_t)(mixed >> 4);
    return (uint16_t)((uint16_t)(crc << 8) ^ (uint16_t)((uint16_t)mixed << 12) ^ (uint16_t)((uint16_t)mixed << 5) ^ mixed);
}

uint16_t qn_crc16(const uint8_t *bytes, uint8_t count)
{
    uint16_t crc = 0xffffu;
    while (count-- > 0) crc = crc_step(crc, *bytes++);
    return crc;
}

/* A frame has 244 bytes at most, so that no COBS block is ever full and one byte is all it costs. */
struct cobs {
    uint8_t *wire;
    uint8_t end;
    uint8_t block_at;
};

static void put(struct cobs *cobs, uint8_t byte)
{
    if (byte != 0) {
        cobs->wire[cobs->end++] = byte;
        return;
    }
    cobs->wire[cobs->block_at] = (uint8_t)(cobs->end - cobs->block_at);
    cobs->block_at = cobs->end++;
}

uint8_t qn_frame_encode(uint8_t *wire, uint8_t type, uint8_t seq, const uint8_t *body, uint8_t body_bytes)
{
    struct cobs cobs = { wire, 1, 0 };
    uint16_t crc = crc_step(crc_step(0xffffu, type), seq);
    put(&cobs, type);
    put(&cobs, seq);
    while (body_bytes-- > 0) {
        crc = crc_step(crc, *body);
        put(&cobs, *body++);
    }
    put(&cobs, (uint8_t)(crc >> 8));
    put(&cobs, (uint8_t)crc);
    put(&cobs, 0); /* Closes the last block and leaves room for the delimiter. */
    wire[cobs.end - 1] = 0;
    return cobs.end;
}

/* In place: what is written is never ahead of what is read. The number of bytes, 0 for what is no COBS. */
static uint8_t cobs_decode(uint8_t *bytes, uint8_t count)
{
    uint8_t at = 0;
    uint8_t end = 0;
    while (at < count) {
        uint8_t left = bytes[at++];
        if (left == 0 || left - 1 > count - at) return 0;
        while (--left > 0) {
            if (bytes[at] == 0) return 0;
            bytes[end++] = bytes[at++];
        }
        if (at < count) bytes[end++] = 0;
    }
    return end;
}

int16_t qn_frame_decode(uint8_t *bytes, uint8_t count)
{
    uint8_t plain = cobs_decode(bytes, count);
    uint8_t body_bytes = (uint8_t)(plain - QN_FRAME_OVERHEAD_BYTES);
    uint16_t crc;
    if (plain < QN_FRAME_OVERHEAD_BYTES || body_bytes > QN_BODY_BYTES_MAX) return -1;
    crc = qn_crc16(bytes, (uint8_t)(plain - 2u));
    if (bytes[plain - 2u] != (uint8_t)(crc >> 8) || bytes[plain - 1u] != (uint8_t)crc) return -1;
    return (int16_t)body_bytes;
}
