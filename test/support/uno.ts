import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

/** Why the AVR firmware cannot be built and run here; undefined when it can. For the title of what is skipped. */
export const avrMissing: string | undefined = ['avr-gcc', 'gcc', 'make'].some((program) => isMissing(program))
  ? 'apt install gcc-avr avr-libc gcc make'
  : undefined;
export const simavrMissing: string | undefined =
  avrMissing ?? (existsSync('/usr/include/simavr/sim_avr.h') ? undefined : 'apt install libsimavr-dev simavr');

function isMissing(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0;
}

export function buildFirmware(folder: string): string {
  execFileSync('make', ['-s', '-C', 'firmware-bridge/mcu/atmega328p', `OUT=${folder}`], { stdio: 'pipe' });
  return `${folder}/firmware.elf`;
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
  /** The pty its UART is on. */
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
}

export async function startUno(runner: string, firmware: string): Promise<Uno> {
  const child = spawn(runner, [firmware], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const changes: PinChange[] = [];
  const marks: ((ms: number) => void)[] = [];
  const levels = new Map<string, string>();
  const { promise: path, resolve } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [name = '', value = '', cycles = ''] = line.split(' ');
    if (name === 'ready') return resolve(value);
    if (name === 'mark') return marks.shift()?.(Number(value) / cyclesPerMs);
    if (!/^D\d+$/.test(name)) return;
    levels.set(name, value);
    changes.push({ pin: `${name} ${value}`, atMs: performance.now(), unoMs: Number(cycles) / cyclesPerMs });
  });
  return {
    path: await path,
    changes,
    unoMs() {
      child.stdin.write('mark\n');
      return new Promise((done) => marks.push(done));
    },
    level: (pin) => levels.get(pin),
    command: (text) => void child.stdin.write(`${text}\n`),
    reaches: (pin, level) => until(() => levels.get(pin) === level, `${pin} at ${level}`),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
