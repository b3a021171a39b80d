/*
 * A board around MCUboot's own serial recovery (boot_serial.c and its zcbor, none of it ours): two slots in memory, its
 * UART on standard input and output, the first operand the image that runs at first. The swap of the slots, which happens
 * in another part of MCUboot, is played here: on trial after `test`, back at the next reset unless it was confirmed.
 */
#include "port.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "boot_serial/boot_serial.h"
#include "bootutil/bootutil.h"
#include "bootutil/fault_injection_hardening.h"
#include "bootutil/image.h"
#include "bootutil_priv.h"

#define SLOT_BYTES (512u * 1024u)

static uint8_t slots[2][SLOT_BYTES];
static const struct flash_area areas[2] = { { 1, 0, 0, SLOT_BYTES }, { 2, 0, SLOT_BYTES, SLOT_BYTES } };
static int swap = BOOT_SWAP_TYPE_NONE;

static uint8_t *at(const struct flash_area *area, uint32_t offset, uint32_t count)
{
    return offset + count > SLOT_BYTES ? NULL : slots[area->fa_id - 1] + offset;
}

int flash_area_open(uint8_t id, const struct flash_area **area)
{
    if (id < 1 || id > 2) return -1;
    *area = &areas[id - 1];
    return 0;
}
void flash_area_close(const struct flash_area *area) { (void)area; }
int flash_area_read(const struct flash_area *area, uint32_t offset, void *target, uint32_t count)
{
    uint8_t *source = at(area, offset, count);
    if (source == NULL) return -1;
    memcpy(target, source, count);
    return 0;
}
int flash_area_write(const struct flash_area *area, uint32_t offset, const void *source, uint32_t count)
{
    uint8_t *target = at(area, offset, count);
    if (target == NULL) return -1;
    memcpy(target, source, count);
    return 0;
}
int flash_area_erase(const struct flash_area *area, uint32_t offset, uint32_t count)
{
    uint8_t *target = at(area, offset, count);
    if (target == NULL) return -1;
    memset(target, 0xff, count);
    return 0;
}
uint32_t flash_area_align(const struct flash_area *area) { (void)area; return 1; }
uint8_t flash_area_erased_val(const struct flash_area *area) { (void)area; return 0xff; }
uint32_t flash_area_get_size(const struct flash_area *area) { return area->fa_size; }
int flash_area_id_from_multi_image_slot(int image, int slot) { (void)image; return slot + 1; }
/* An upload goes beside what runs, as a program with MCUmgr takes it; the bootloader alone would take its place. */
int flash_area_id_from_direct_image(int image) { (void)image; return 2; }

int boot_erase_region(const struct flash_area *area, uint32_t offset, uint32_t count, bool backwards)
{
    (void)backwards;
    return flash_area_erase(area, offset, count);
}

static struct boot_loader_state loader;
struct boot_loader_state *boot_get_loader_state(void) { return &loader; }
void boot_state_init(struct boot_loader_state *state) { memset(state, 0, sizeof *state); }
void boot_state_clear(struct boot_loader_state *state) { (void)state; }
int boot_open_all_flash_areas(struct boot_loader_state *state)
{
    for (int slot = 0; slot < 2; slot++) state->imgs[0][slot].area = &areas[slot];
    return 0;
}
void boot_close_all_flash_areas(struct boot_loader_state *state) { (void)state; }
int boot_read_sectors(struct boot_loader_state *state, struct boot_sector_buffer *buffer)
{
    (void)state;
    (void)buffer;
    return 0;
}

int boot_swap_type_multi(int image) { (void)image; return swap; }
int boot_set_pending_multi(int image, int permanent)
{
    (void)image;
    if (permanent) swap = swap == BOOT_SWAP_TYPE_REVERT ? BOOT_SWAP_TYPE_NONE : BOOT_SWAP_TYPE_PERM;
    else swap = BOOT_SWAP_TYPE_TEST;
    return 0;
}
void hal_system_reset(void)
{
    static uint8_t held[SLOT_BYTES];
    if (swap != BOOT_SWAP_TYPE_NONE) {
        memcpy(held, slots[0], SLOT_BYTES);
        memcpy(slots[0], slots[1], SLOT_BYTES);
        memcpy(slots[1], held, SLOT_BYTES);
    }
    swap = swap == BOOT_SWAP_TYPE_TEST ? BOOT_SWAP_TYPE_REVERT : BOOT_SWAP_TYPE_NONE;
}
void os_cputime_delay_usecs(uint32_t us) { usleep(us); }

fih_ret bootutil_img_validate(struct boot_loader_state *state, struct image_header *header, const struct flash_area *area,
                              uint8_t *buffer, uint32_t buffer_bytes, uint8_t *seed, int seed_bytes, uint8_t *out)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint32_t hashed = header->ih_hdr_size + header->ih_img_size;
    const uint8_t *image = at(area, 0, hashed + 8 + sizeof hash);
    (void)state, (void)buffer, (void)buffer_bytes, (void)seed, (void)seed_bytes, (void)out;
    if (image == NULL) return FIH_FAILURE;
    SHA256(image, hashed, hash);
    return memcmp(hash, image + hashed + 8, sizeof hash) == 0 ? FIH_SUCCESS : FIH_FAILURE;
}

uint16_t crc16_ccitt(uint16_t crc, const void *bytes, int count)
{
    const uint8_t *next = bytes;
    while (count-- > 0) {
        crc ^= (uint16_t)(*next++ << 8);
        for (int bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

static int text_count(const char *text)
{
    return (int)strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
}
int base64_encode(const void *bytes, int count, char *text, unsigned char pads)
{
    (void)pads;
    return EVP_EncodeBlock((unsigned char *)text, bytes, count);
}
int base64_decode_len(const char *text) { return text_count(text) / 4 * 3; }
int base64_decode(const char *text, void *bytes)
{
    int count = text_count(text);
    int pads = (count > 0 && text[count - 1] == '=') + (count > 1 && text[count - 2] == '=');
    int got = EVP_DecodeBlock(bytes, (const unsigned char *)text, count);
    return got < 0 ? -1 : got - pads;
}

static int uart_read(char *text, int count, int *is_line)
{
    int had = 0;
    *is_line = 0;
    while (had < count && !*is_line) {
        if (read(0, text + had, 1) != 1) exit(0); /* Whoever started this is gone. */
        *is_line = text[had] == '\n';
        if (*is_line) text[had] = 0;
        had++;
    }
    return had;
}
static void uart_write(const char *bytes, int count)
{
    if (write(1, bytes, (size_t)count) != count) exit(74);
}

int main(int count, char **operands)
{
    static const struct boot_uart_funcs uart = { uart_read, uart_write };
    FILE *file = count == 2 ? fopen(operands[1], "rb") : NULL;
    memset(slots, 0xff, sizeof slots);
    if (file == NULL || fread(slots[0], 1, SLOT_BYTES, file) == 0) return 64;
    fclose(file);
    boot_serial_start(&uart);
}
