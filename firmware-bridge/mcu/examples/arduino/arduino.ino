// One output on D4 of an Arduino with an AVR (Uno, Nano, Mega); others restart and count their starts in another way. A
// sketch is one folder: copy this file, ../one_output.* and ../../qn_*.* into it, and take the "../" out of their #include lines.
#include <EEPROM.h>
#include <avr/wdt.h>

#include "../one_output.h"

static const uint8_t pin = 4;

static void drive(uint8_t is_on) { digitalWrite(pin, is_on ? HIGH : LOW); }

// The watchdog resets it; there is no better reset from within.
static void restart() {
  wdt_enable(WDTO_15MS);
  for (;;) {
  }
}

// Another number at each start, so that the board knows an answer to the start before for what it is.
static uint16_t countStarts() {
  uint16_t count;
  EEPROM.get(0, count);
  EEPROM.put(0, ++count);
  return count;
}

void setup() {
  MCUSR = 0;  // After a reset by the watchdog it goes on, and would reset again.
  wdt_disable();
  digitalWrite(pin, LOW);
  pinMode(pin, OUTPUT);
  Serial.begin(115200);
  one_output_begin(drive, restart, countStarts(), millis());
}

// Everything that came, and all that fits: a loop that does other things as well comes round less often.
void loop() {
  uint8_t bytes[64];
  uint8_t byte;
  uint16_t count = 0;
  while (count < sizeof bytes && Serial.available() > 0) bytes[count++] = Serial.read();
  one_output_step(bytes, count, millis());
  while (Serial.availableForWrite() > 0 && one_output_next(&byte)) Serial.write(byte);
}
