/*
 * One output under FreeRTOS: one task owns the link. The UART's interrupt sends what it received into the stream buffer
 * (xStreamBufferSendFromISR); the three functions below are the board's.
 */
#include "FreeRTOS.h"
#include "stream_buffer.h"
#include "task.h"

#include "../one_output.h"

void board_drive(uint8_t is_on);
void board_restart(void);
uint8_t board_uart_try_send(uint8_t byte); /* 0: it can take none now. */

StreamBufferHandle_t received;

static uint32_t now_ms(void)
{
    return (uint32_t)((uint64_t)xTaskGetTickCount() * 1000u / configTICK_RATE_HZ);
}

void one_output_task(void *nonce)
{
    uint8_t bytes[32];
    uint8_t byte = 0;
    uint8_t is_held = 0; /* A byte that the UART did not take yet. */
    received = xStreamBufferCreate(256, 1);
    configASSERT(received != NULL);
    one_output_begin(board_drive, board_restart, (uint16_t)(uintptr_t)nonce, now_ms());
    for (;;) {
        /* Sleeps for a tick at most: the link looks after its watchdog itself. */
        size_t count = xStreamBufferReceive(received, bytes, sizeof bytes, 1);
        one_output_step(bytes, (uint16_t)count, now_ms());
        while (is_held || one_output_next(&byte)) {
            is_held = (uint8_t)!board_uart_try_send(byte);
            if (is_held) break;
        }
    }
}
