import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Workshop } from './c-compiler.ts';
import { until } from './until.ts';

/** Why the AVR firmware cannot be built and run here; undefined when it can. For the title of what is skipped. */
export const avrMissing: string | undefined = ['avr-gcc', 'gcc', 'make'].some((program) => isMissing(program))
  ? 'apt install gcc-avr avr-libc gcc make'
  : undefined;
export const simavrMissing: string | undefined =
  avrMissing ?? (existsSync('/usr/include/simavr/sim_avr.h') ? undefined : 'apt install libsimavr-dev simavr');

/** From Debian's arduino-core-avr: the bootloader that a real Uno comes with. */
const optibootFolder = '/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot';
export const optibootMissing: string | undefined =
  simavrMissing ?? (existsSync(`${optibootFolder}/optiboot.c`) ? undefined : 'apt install arduino-core-avr');

function isMissing(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0;
}

/** The path of the ELF; `version` as in C: `1, 2, 0`. */
export function buildFirmware(folder: string, version = '1, 0, 0'): string {
  const variables = [`OUT=${folder}`, `VERSION=${version}`];
  execFileSync('make', ['-s', '-C', 'firmware-bridge/mcu/atmega328p', ...variables], { stdio: 'pipe' });
  return path.join(folder, 'firmware.elf');
}

/** The same as Intel HEX, as people hand it around. */
export function buildHex(folder: string, version: string): Buffer {
  const variables = [`OUT=${folder}`, `VERSION=${version}`, `${folder}/firmware.hex`];
  execFileSync('make', ['-s', '-C', 'firmware-bridge/mcu/atmega328p', ...variables], { stdio: 'pipe' });
  return readFileSync(path.join(folder, 'firmware.hex'));
}

/** Compiles the simulator; the path of the program. */
export function buildUnoRunner(workshop: Workshop): string {
  const warnings = ['-std=gnu99', '-Wall', '-Wextra', '-Werror', '-O2'];
  const source = 'test/firmware-bridge/mcu/simavr/uno.c';
  return workshop.build('gcc', 'uno', [...warnings, source, '-lsimavr', '-lutil']);
}

/**
 * Optiboot from its source, for a boot section of 1 024 bytes. The file that the package has is for 512, and 532 long: its
 * end, which starts the program, is beyond the flash.
 */
export function buildOptiboot(workshop: Workshop): string {
  const flags = ['-Os', '-w', '-mmcu=atmega328p', '-DF_CPU=16000000L', '-DBAUD_RATE=115200', '-DLED_START_FLASHES=3'];
  const places = ['-Wl,--section-start=.text=0x7c00', '-Wl,--section-start=.version=0x7ffe'];
  const sizes = ['-fno-inline-small-functions', '-fno-split-wide-types', '-mrelax', '-Wl,--relax'];
  const bare = ['-nostartfiles', '-nostdlib'];
  const elf = workshop.build('avr-gcc', 'optiboot.elf', [
    ...flags,
    ...places,
    ...sizes,
    ...bare,
    `${optibootFolder}/optiboot.c`,
  ]);
  const hex = path.join(workshop.folder, 'optiboot.hex');
  execFileSync('avr-objcopy', ['-O', 'ihex', elf, hex]);
  return hex;
}

export interface PinChange {
  /** `D4 1` */
  readonly pin: string;
  /** When it was heard of here. */
  readonly atMs: number;
  /** When it happened, by the clock of the Uno. */
  readonly unoMs: number;
}

const cyclesPerMs = 16_000;

/** An Arduino Uno on a simulator in real time, seen from outside: its serial line and its pins. */
export interface Uno extends AsyncDisposable {
  /** The pty its UART is on; another one after each `plug`. */
  readonly path: string;
  /** Every change of an output pin so far, with the time it was seen: `D4 1`. */
  readonly changes: readonly PinChange[];
  /** The time of its own clock; it stands still while this computer is busy otherwise. */
  unoMs(): Promise<number>;
  /** Level of a pin as last seen. */
  level(pin: string): string | undefined;
  /** `D2 1`, `A0 2500`, `reset`. */
  command(text: string): void;
  reaches(pin: string, level: string): Promise<void>;
  /** The cable of its serial line. */
  unplug(): void;
  plug(): Promise<string>;
  /** Its whole program memory. */
  flash(): Promise<Buffer>;
}

/** `bootloader`: Intel HEX; the fuse is set that starts it, and it is reset from outside at power-on. */
export async function startUno(runner: string, firmware: string, bootloader?: string): Promise<Uno> {
  const operands = bootloader === undefined ? [firmware] : [firmware, bootloader];
  const child = spawn(runner, operands, { stdio: ['pipe', 'pipe', 'inherit'] });
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-uno-'));
  const ended = once(child, 'exit');
  const changes: PinChange[] = [];
  const marks: ((ms: number) => void)[] = [];
  const levels = new Map<string, string>();
  let ready = Promise.withResolvers<string>();
  let flashed = Promise.withResolvers<void>();
  const tell = (text: string) => void child.stdin.write(`${text}\n`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [name = '', value = '', cycles = ''] = line.split(' ');
    if (name === 'ready') return ready.resolve(value);
    if (name === 'flashed') return flashed.resolve();
    if (name === 'mark') return marks.shift()?.(Number(value) / cyclesPerMs);
    if (!/^D\d+$/.test(name)) return;
    levels.set(name, value);
    changes.push({ pin: `${name} ${value}`, atMs: performance.now(), unoMs: Number(cycles) / cyclesPerMs });
  });
  let pty = await ready.promise;
  return {
    get path() {
      return pty;
    },
    changes,
    unoMs() {
      child.stdin.write('mark\n');
      return new Promise((done) => marks.push(done));
    },
    level: (pin) => levels.get(pin),
    command: tell,
    reaches: (pin, level) => until(() => levels.get(pin) === level, `${pin} at ${level}`),
    unplug: () => tell('unplug'),
    async plug() {
      ready = Promise.withResolvers();
      tell('plug');
      pty = await ready.promise;
      return pty;
    },
    async flash() {
      flashed = Promise.withResolvers();
      const file = path.join(folder, 'flash.bin');
      tell(`flash ${file}`);
      await flashed.promise;
      return readFileSync(file);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
