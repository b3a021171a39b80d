/*
 * The smallest microcontroller on the link: one output, commanded and told. The same file on bare metal, Arduino,
 * FreeRTOS and Zephyr; what differs is who brings the bytes, the time and the pin (arduino/, freertos/).
 */
#ifndef ONE_OUTPUT_H
#define ONE_OUTPUT_H

#include "../qn_link.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `drive` brings the pin to on or off, at once. `restart` starts the microcontroller anew; it may return without. */
void one_output_begin(void (*drive)(uint8_t is_on), void (*restart)(void), uint16_t nonce, uint32_t now_ms);

/* Again and again, with whatever came from the UART meanwhile: nothing, one byte or many. */
void one_output_step(const uint8_t *bytes, uint16_t count, uint32_t now_ms);

/* The next byte for the UART; 0 when there is none. Asked for only when the UART can take one. */
uint8_t one_output_next(uint8_t *byte);

#ifdef __cplusplus
}
#endif

#endif
