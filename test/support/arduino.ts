import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mcuSources, strict, type Workshop } from './c-compiler.ts';
import { simavrMissing } from './uno.ts';

const avr = '/usr/share/arduino/hardware/arduino/avr';
const core = `${avr}/cores/arduino`;
const example = 'firmware-bridge/mcu/examples';

/** Why no sketch can be built and run here; undefined when it can. */
export const arduinoMissing: string | undefined =
  simavrMissing ?? (existsSync(`${core}/Arduino.h`) ? undefined : 'apt install arduino-core-avr');

const places = [core, `${avr}/variants/standard`, `${avr}/libraries/EEPROM/src`].map((folder) => `-I${folder}`);
const board = ['-mmcu=atmega328p', '-DF_CPU=16000000L', '-DARDUINO=10819', '-DARDUINO_AVR_UNO', '-DARDUINO_ARCH_AVR'];
const sizes = ['-Os', '-ffunction-sections', '-fdata-sections'];
/** As the Arduino IDE calls the compiler; the macro is missing in the headers of Debian's older one. */
const cpp = ['-std=gnu++11', '-fno-exceptions', '-fno-threadsafe-statics', '-DDECIMAL_DIG=17'];

/** Behind each turn of the sketch, as a sensor that makes it wait. */
const slowLoop = (ms: number) => `#include <Arduino.h>
extern "C" void turn(void);
void loop(void) { turn(); delay(${ms}); }
`;

/** The sketch of the examples with Arduino's own core, for an Uno, a turn taking so long; the path of the ELF. */
export function buildSketch({ folder, build }: Workshop, turnMs = 0): string {
  const loop = path.join(folder, 'loop.cpp');
  writeFileSync(loop, slowLoop(turnMs));
  const flags = [...board, ...sizes, ...places];
  const objects = [
    ...readdirSync(core).flatMap((file) => {
      const source = path.join(core, file);
      if (file.endsWith('.c')) return [build('avr-gcc', `${file}.o`, [...flags, '-w', '-std=gnu11', '-c', source])];
      if (!file.endsWith('.cpp')) return [];
      return [build('avr-g++', `${file}.o`, [...flags, ...cpp, '-w', '-fpermissive', '-c', source])];
    }),
    ...[...mcuSources, `${example}/one_output.c`].map((file) =>
      build('avr-gcc', `${path.basename(file)}.o`, [...strict, '-mmcu=atmega328p', ...sizes, '-c', file]),
    ),
    build('avr-g++', 'sketch.o', [
      ...[...flags, ...cpp, '-Wall', '-Wextra', '-Werror', '-Dloop=turn', '-x', 'c++', '-include', 'Arduino.h'],
      ...['-c', `${example}/arduino/arduino.ino`],
    ]),
    build('avr-g++', 'loop.o', [...flags, ...cpp, '-c', loop]),
  ];
  return build('avr-gcc', path.basename(path.join(folder, 'sketch.elf')), [
    '-mmcu=atmega328p',
    '-Os',
    '-Wl,--gc-sections',
    ...objects,
    '-lm',
  ]);
}
