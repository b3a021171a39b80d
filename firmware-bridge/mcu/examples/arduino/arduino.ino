// One output on D4 of any Arduino. A sketch is one folder: copy this file, ../one_output.* and ../../qn_*.* into it, and
// make "../one_output.h" a "one_output.h" (and "../qn_link.h" in that one a "qn_link.h").
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

void loop() {
  uint8_t byte;
  uint16_t count = 0;
  if (Serial.available() > 0) {
    byte = Serial.read();
    count = 1;
  }
  one_output_step(&byte, count, millis());
  if (Serial.availableForWrite() > 0 && one_output_next(&byte)) Serial.write(byte);
}
