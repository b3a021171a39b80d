/*
 * What MCUboot's serial recovery asks of its platform, for this computer: two slots in memory, CRC and base64. Every
 * header of the platform that it includes is this one.
 */
#ifndef PORT_H
#define PORT_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#define MCUBOOT_BOOT_MGMT_ECHO
#define MCUBOOT_BOOT_MGMT_MCUMGR_PARAMS
#define MCUBOOT_SERIAL_IMG_GRP_HASH
#define MCUBOOT_SERIAL_IMG_GRP_IMAGE_STATE
#define MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD
#define MCUBOOT_USE_SNPRINTF
#define MCUBOOT_SERIAL_MAX_RECEIVE_SIZE 1024
#define MCUBOOT_IMAGE_NUMBER 1
#define BOOT_IMAGE_NUMBER 1
#define MCUBOOT_OVERWRITE_ONLY 1
#define MCUBOOT_MAX_IMG_SECTORS 128
#define MCUBOOT_PERUSER_MGMT_GROUP_ENABLED 0
#define MCUBOOT_CPU_IDLE() do { } while (0)
#define MCUBOOT_WATCHDOG_FEED() do { } while (0)

#define FLASH_AREA_IMAGE_PRIMARY(image) 1
#define FLASH_AREA_IMAGE_SECONDARY(image) 2
#define FLASH_AREA_IMAGE_SCRATCH 3

struct flash_area { uint8_t fa_id; uint8_t fa_device_id; uint32_t fa_off; uint32_t fa_size; };
struct flash_sector { uint32_t fs_off; uint32_t fs_size; };

int flash_area_open(uint8_t id, const struct flash_area **area);
void flash_area_close(const struct flash_area *area);
int flash_area_read(const struct flash_area *area, uint32_t offset, void *target, uint32_t count);
int flash_area_write(const struct flash_area *area, uint32_t offset, const void *source, uint32_t count);
int flash_area_erase(const struct flash_area *area, uint32_t offset, uint32_t count);
uint32_t flash_area_align(const struct flash_area *area);
uint8_t flash_area_erased_val(const struct flash_area *area);
uint32_t flash_area_get_size(const struct flash_area *area);
int flash_area_id_from_multi_image_slot(int image, int slot);
int flash_area_id_from_direct_image(int image);

#define CRC16_INITIAL_CRC 0
uint16_t crc16_ccitt(uint16_t crc, const void *bytes, int count);

#define BASE64_ENCODE_SIZE(count) ((((((count) - 1) / 3) * 4) + 4) + 1)
int base64_encode(const void *bytes, int count, char *text, unsigned char pads);
int base64_decode(const char *text, void *bytes);
int base64_decode_len(const char *text);

void hal_system_reset(void);
void os_cputime_delay_usecs(uint32_t us);

#endif
