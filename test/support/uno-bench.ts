import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { readImage } from '../../firmware-bridge/image/intel-hex.ts';
import { avrParts, roomOf } from '../../firmware-bridge/stk500/parts.ts';
import { openWorkshop } from './c-compiler.ts';
import { buildFirmware, buildHex, buildOptiboot, buildUnoRunner, startUno, type Uno } from './uno.ts';

/** One program for it, as people have it, and as it is in the flash. */
export interface UnoProgram {
  readonly version: string;
  readonly hexFile: string;
  readonly image: Uint8Array;
}

/** A simulated Uno with optiboot on the bench: its serial line under one name, its reset pin at a line of a folder board. */
export interface UnoBench extends AsyncDisposable {
  readonly uno: Uno;
  /** A link to the pty of the moment. */
  readonly port: string;
  readonly first: UnoProgram;
  readonly second: UnoProgram;
  /** Joins the reset pin to a line of the board, low is reset. */
  wireReset(board: string, line: string): void;
  unplug(): void;
  plug(): Promise<void>;
  /** Which program is in its flash, whole; else undefined. */
  inFlash(): Promise<UnoProgram | undefined>;
}

const resetPollMs = 5;

/** Builds what it takes; the first program runs. */
export async function openUnoBench(folder: string): Promise<UnoBench> {
  const stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const runner = buildUnoRunner(workshop);
  const bootloader = buildOptiboot(workshop);
  const first = programOf(workshop.folder, '1, 4, 0');
  const second = programOf(workshop.folder, '1, 5, 0');
  const elf = buildFirmware(path.join(workshop.folder, '1.4.0'), '1, 4, 0');
  const uno = stack.use(await startUno(runner, elf, bootloader));
  const port = path.join(folder, 'ttyUNO');
  const link = () => {
    rmSync(port, { force: true });
    symlinkSync(uno.path, port);
  };
  link();
  return {
    uno,
    port,
    first,
    second,
    wireReset(board, line) {
      let last = '1';
      const timer = setInterval(() => {
        const level = levelOf(path.join(board, line, 'value'));
        if (level === '0' && last === '1') uno.command('reset');
        last = level;
      }, resetPollMs);
      stack.defer(() => clearInterval(timer));
    },
    unplug() {
      rmSync(port, { force: true });
      uno.unplug();
    },
    async plug() {
      await uno.plug();
      link();
    },
    async inFlash() {
      const flash = await uno.flash();
      return [first, second].find(({ image }) => Buffer.compare(flash.subarray(0, image.length), image) === 0);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function programOf(folder: string, macro: string): UnoProgram {
  const version = macro.replaceAll(', ', '.');
  const place = path.join(folder, version);
  mkdirSync(place, { recursive: true });
  const image = readImage(buildHex(place, macro), roomOf(avrParts.atmega328p));
  if (!image.ok) throw new Error(image.error);
  return { version, hexFile: path.join(place, 'firmware.hex'), image: image.value };
}

/** A line that nobody drove yet is pulled up. */
function levelOf(file: string): string {
  try {
    return readFileSync(file, 'latin1').startsWith('0') ? '0' : '1';
  } catch {
    return '1';
  }
}
