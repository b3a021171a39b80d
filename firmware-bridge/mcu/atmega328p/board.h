/* The pins, the clock and the serial line of an Arduino Uno (ATmega328P at 16 MHz). */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define OUTPUT_COUNT 4u /* D4–D7 */
#define INPUT_COUNT 2u  /* D8, D9; closed to ground */

/* Outputs are low before anything else happens. */
void board_init(void);

/* Bit n is output n. Nothing goes on while the emergency stop is pressed: that is decided where it is done. */
void board_write_outputs(uint8_t bits);
uint8_t board_read_outputs(void);
/* Bit n is input n, 1 when closed; steady for 10 ms. */
uint8_t board_read_inputs(void);
/* A0 in thousandths of a volt, AVCC being 5 V. */
uint16_t board_read_millivolts(void);

/* D2 opened, or its wire broke. The interrupt has switched the outputs off by then. */
uint8_t board_is_stopped(void);

/* Call once per millisecond. */
void board_sample(void);
uint32_t board_now_ms(void);

/* A number that is another one at each start, kept in EEPROM. */
uint16_t board_start_count(void);
void board_restart(void);
/* Resets the microcontroller, and with it the outputs, when it is not called for 250 ms. */
void board_is_alive(void);

/* Bytes that came in; bytes lost because nobody fetched them are the link's to notice. */
uint8_t board_receive(uint8_t *bytes, uint8_t count_max);
uint8_t board_can_send(void);
void board_send(uint8_t byte);
/* D13: on while the agent is there. */
void board_show_link(uint8_t is_up);

#endif
