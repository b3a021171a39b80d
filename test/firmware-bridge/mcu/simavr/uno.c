/*
 * An Arduino Uno on libsimavr (GPL-3, a tool of the tests only, not shipped): the ELF given as operand at 16 MHz of
 * real time, its UART on a pty, its pins on standard input and output, a line each:
 *   out  ready /dev/pts/3 · D4 1 CYCLES · mark CYCLES
 *   in   D2 1 · A0 2500 · mark · reset · unplug · plug · flash FILE · quit
 * With an Intel HEX file of a bootloader as second operand it has one, and the fuse is set that starts there.
 * `reset` is the reset pin. `unplug` and `plug` are the cable of its serial line: `plug` tells a new pty by `ready`.
 * `flash` writes its whole program memory into a file, and then tells `flashed`.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_hex.h>

#define HERTZ 16000000u
#define SLICE_CYCLES 800u
#define MCUSR 0x54
#define EXTERNAL_RESET 0x02

static avr_t *avr;
static int line = -1; /* The pty; -1 while it is unplugged. */
static int line_end = -1;
static int can_take = 1;
static uint64_t skipped_us = 0;

static avr_irq_t *pin(unsigned number)
{
    return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(number < 8 ? 'D' : 'B'), (int)(number % 8));
}

static void pin_changed(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq;
    printf("D%u %u %llu\n", (unsigned)(uintptr_t)context, value & 1u, (unsigned long long)avr->cycle);
    fflush(stdout);
}

static void byte_sent(struct avr_irq_t *irq, uint32_t value, void *context)
{
    uint8_t byte = (uint8_t)value;
    (void)irq;
    (void)context;
    if (line >= 0 && write(line, &byte, 1) != 1) fprintf(stderr, "a byte was lost on the pty\n");
}

static void may_take(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq;
    (void)value;
    can_take = context != NULL;
}

static void feed_uart(void)
{
    uint8_t byte;
    if (line >= 0 && can_take && read(line, &byte, 1) == 1) avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), byte);
}

/*
 * What is wired to the pins wins over their pull-ups. Before the firmware has chosen edges for INT0 the pin must not be
 * raised: simavr takes a low one for a level that interrupts for ever.
 */
static unsigned long wired_d = 0x04, wired_b = 0x03;
static unsigned long level_d = 0x00, level_b = 0x03; /* At rest: stop closed, inputs open. */

static void apply_wires(void)
{
    avr_ioport_external_t d = { .name = 'D', .mask = wired_d, .value = level_d };
    avr_ioport_external_t b = { .name = 'B', .mask = wired_b, .value = level_b };
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &d);
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('B'), &b);
}

static void wire(unsigned number, unsigned level)
{
    unsigned long *levels = number < 8 ? &level_d : &level_b;
    unsigned long bit = 1ul << number % 8;
    *levels = level ? *levels | bit : *levels & ~bit;
    apply_wires();
    avr_raise_irq(pin(number), level);
}

static void open_line(void)
{
    struct termios raw;
    char name[64];
    /* The far end stays open here too, so that the pty outlives whoever closes it. */
    if (openpty(&line, &line_end, name, NULL, NULL) != 0) exit(74);
    tcgetattr(line_end, &raw);
    cfmakeraw(&raw);
    tcsetattr(line_end, TCSANOW, &raw);
    fcntl(line, F_SETFL, O_NONBLOCK);
    printf("ready %s\n", name);
    fflush(stdout);
}

static void unplug(void)
{
    close(line);
    close(line_end);
    line = line_end = -1;
}

/* The reset pin: the only reset after which optiboot stays. Without a bootloader nobody looks at the register. */
static void reset_from_outside(void)
{
    avr_reset(avr);
    avr->data[MCUSR] = EXTERNAL_RESET;
    apply_wires();
}

static void save_flash(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(avr->flash, 1, avr->flashend + 1, file) != avr->flashend + 1) exit(74);
    fclose(file);
    printf("flashed\n");
    fflush(stdout);
}

static void obey(const char *command)
{
    unsigned number, value;
    if (sscanf(command, "D%u %u", &number, &value) == 2) wire(number, value);
    else if (sscanf(command, "A%u %u", &number, &value) == 2)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, (int)number), value);
    else if (strcmp(command, "mark") == 0) {
        printf("mark %llu\n", (unsigned long long)avr->cycle);
        fflush(stdout);
    } else if (strcmp(command, "reset") == 0) reset_from_outside();
    else if (strcmp(command, "unplug") == 0) unplug();
    else if (strcmp(command, "plug") == 0) open_line();
    else if (strncmp(command, "flash ", 6) == 0) save_flash(command + 6);
    else if (strcmp(command, "quit") == 0) exit(0);
    else fprintf(stderr, "what is %s\n", command);
}

static void take_commands(void)
{
    static char text[256];
    static unsigned count = 0;
    char next;
    ssize_t got;
    while ((got = read(0, &next, 1)) == 1) {
        if (next != '\n' && count < sizeof text - 1) text[count++] = next;
        if (next != '\n') continue;
        text[count] = 0;
        count = 0;
        obey(text);
    }
    if (got == 0) exit(0); /* Whoever started this is gone. */
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void listen_to(const char *outputs)
{
    uint32_t flags = 0;
    for (const char *at = outputs; *at; at++) {
        unsigned number = *at == 'L' ? 13u : (unsigned)(*at - '0');
        avr_irq_register_notify(pin(number), pin_changed, (void *)(uintptr_t)number);
    }
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags); /* Neither echo on our standard output nor sleeping. */
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), byte_sent, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), may_take, &avr);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), may_take, NULL);
}

static void load_bootloader(const char *path)
{
    ihex_chunk_p chunks;
    int count = read_ihex_chunks(path, &chunks);
    if (count < 1) exit(66);
    for (int at = 0; at < count; at++) {
        uint32_t start = chunks[at].baseaddr, room = start > avr->flashend ? 0 : avr->flashend + 1 - start;
        /* simavr 1.6 counts some bytes too many. */
        memcpy(avr->flash + start, chunks[at].data, chunks[at].size < room ? chunks[at].size : room);
    }
    avr->reset_pc = chunks[0].baseaddr;
    free_ihex_chunks(chunks);
    avr->codeend = avr->flashend;
    reset_from_outside();
}

/* As long as it takes to be where real time is; when this computer is too slow, time over there is slow too. */
static void run(void)
{
    uint64_t start_us = now_us();
    for (;;) {
        uint64_t due_cycles = (now_us() - start_us - skipped_us) * (HERTZ / 1000000u);
        take_commands();
        if (due_cycles > avr->cycle + HERTZ / 20u) { /* 50 ms behind: the computer stood still, not the board. */
            skipped_us += (due_cycles - avr->cycle) / (HERTZ / 1000000u);
            continue;
        }
        while (avr->cycle < due_cycles) {
            avr_cycle_count_t slice_end = avr->cycle + SLICE_CYCLES;
            feed_uart();
            while (avr->cycle < slice_end) {
                int state = avr_run(avr);
                if (state == cpu_Done || state == cpu_Crashed) exit(70);
            }
        }
        usleep(300);
    }
}

int main(int count, char **operands)
{
    elf_firmware_t firmware;
    memset(&firmware, 0, sizeof firmware);
    if (count < 2 || count > 3 || elf_read_firmware(operands[1], &firmware) != 0) return 64;
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL) return 69;
    avr_init(avr);
    avr->log = 1;
    firmware.frequency = HERTZ;
    avr_load_firmware(avr, &firmware);
    avr->frequency = HERTZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    listen_to("4567L");
    apply_wires();
    fcntl(0, F_SETFL, O_NONBLOCK);
    if (count == 3) load_bootloader(operands[2]);
    open_line();
    run();
}
