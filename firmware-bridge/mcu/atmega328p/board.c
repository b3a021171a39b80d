#include "board.h"

#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#define OUTPUTS 0xf0u     /* PD4–PD7 */
#define INPUTS 0x03u      /* PB0, PB1 */
#define STOP _BV(PD2)     /* INT0; a normally closed contact to ground, so that a broken wire stops too */
#define LAMP _BV(PB5)
#define STEADY_MS 10u
#define RELEASE_MS 50u
#define RING_BYTES 128u   /* 11 ms at 115 200 baud */

static volatile uint32_t ms;
static volatile uint8_t ring[RING_BYTES];
static volatile uint8_t ring_in;
static uint8_t ring_out;
static volatile uint8_t is_stopped;
static uint8_t released_ms;
static uint8_t inputs;
static uint8_t changed_ms;

/* Before main and before .data: a watchdog that reset us is still running. */
void stop_watchdog(void) __attribute__((naked, used, section(".init3")));
void stop_watchdog(void)
{
    MCUSR = 0;
    wdt_disable();
}

ISR(TIMER0_COMPA_vect)
{
    ms++;
}

/* Acts first; main reports. Interrupts are off. */
static void stop_if_pressed(void)
{
    if (!(PIND & STOP)) return;
    PORTD &= (uint8_t)~OUTPUTS;
    is_stopped = 1;
}

ISR(INT0_vect)
{
    stop_if_pressed();
}

ISR(USART_RX_vect)
{
    uint8_t byte = UDR0;
    uint8_t next = (uint8_t)((ring_in + 1u) % RING_BYTES);
    if (next == ring_out) return; /* Full: the newest is lost, its frame is sent again. */
    ring[ring_in] = byte;
    ring_in = next;
}

void board_init(void)
{
    EICRA = _BV(ISC00); /* Either edge; the low level it begins with would interrupt for ever. */
    PORTD = STOP;       /* Outputs low, pull-up on the stop. */
    DDRD = OUTPUTS;
    PORTB = INPUTS;
    DDRB = LAMP;
    EIMSK = _BV(INT0);
    is_stopped = (PIND & STOP) != 0;
    TCCR0A = _BV(WGM01);
    TCCR0B = _BV(CS01) | _BV(CS00); /* 250 kHz */
    OCR0A = 249;
    TIMSK0 = _BV(OCIE0A);
    ADMUX = _BV(REFS0); /* A0 against AVCC. */
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    UBRR0 = 16; /* 115 200 baud, 2.1 % fast. */
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    wdt_enable(WDTO_250MS);
    sei();
}

void board_write_outputs(uint8_t bits)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        uint8_t levels = is_stopped ? 0 : (uint8_t)(bits << 4);
        PORTD = (uint8_t)((PORTD & ~OUTPUTS) | levels);
    }
}

uint8_t board_read_outputs(void)
{
    return (uint8_t)((PORTD & OUTPUTS) >> 4);
}

uint8_t board_read_inputs(void)
{
    return inputs;
}

uint16_t board_read_millivolts(void)
{
    static uint16_t latest;
    if (!(ADCSRA & _BV(ADSC))) {
        latest = ADC;
        ADCSRA |= _BV(ADSC);
    }
    return (uint16_t)(((uint32_t)latest * 5000u + 512u) >> 10);
}

uint8_t board_is_stopped(void)
{
    return is_stopped;
}

static void sample_inputs(void)
{
    uint8_t now = (uint8_t)(~PINB & INPUTS);
    changed_ms = now == inputs ? 0 : (uint8_t)(changed_ms + 1u);
    if (changed_ms < STEADY_MS) return;
    inputs = now;
    changed_ms = 0;
}

/* Pressing counts at once, even should its edge have been missed; releasing when it lasts. */
static void sample_stop(void)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        stop_if_pressed();
        released_ms = (PIND & STOP) ? 0 : (uint8_t)(released_ms + 1u);
        if (released_ms >= RELEASE_MS) {
            is_stopped = 0;
            released_ms = 0;
        }
    }
}

void board_sample(void)
{
    sample_inputs();
    sample_stop();
}

uint32_t board_now_ms(void)
{
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = ms;
    }
    return now;
}

uint16_t board_start_count(void)
{
    static uint16_t EEMEM starts;
    uint16_t count = (uint16_t)(eeprom_read_word(&starts) + 1u);
    eeprom_update_word(&starts, count);
    return count;
}

void board_restart(void)
{
    wdt_enable(WDTO_15MS);
    for (;;) continue;
}

void board_is_alive(void)
{
    wdt_reset();
}

uint8_t board_receive(uint8_t *bytes, uint8_t count_max)
{
    uint8_t count = 0;
    while (count < count_max && ring_out != ring_in) {
        bytes[count++] = ring[ring_out];
        ring_out = (uint8_t)((ring_out + 1u) % RING_BYTES);
    }
    return count;
}

uint8_t board_can_send(void)
{
    return (UCSR0A & _BV(UDRE0)) != 0;
}

void board_send(uint8_t byte)
{
    UDR0 = byte;
}

void board_show_link(uint8_t is_up)
{
    if (is_up) PORTB |= LAMP;
    else PORTB &= (uint8_t)~LAMP;
}
