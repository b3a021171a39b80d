/* What a microcontroller can do at least: every byte of the UART goes back at 115 200 baud. The floor of test/bench/mcu.ts. */
#include <avr/io.h>

int main(void)
{
    UBRR0 = 16;
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0);
    for (;;) {
        if (!(UCSR0A & _BV(RXC0))) continue;
        while (!(UCSR0A & _BV(UDRE0))) continue;
        UDR0 = UDR0;
    }
}
