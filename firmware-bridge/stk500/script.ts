import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { FlashImage } from '../image/intel-hex.ts';
import { greet, leave, loadAddress, programPage, readPage, readSignature, type StkRequest } from './commands.ts';
import {
  stkAnswerMsMax,
  stkGreetAnswerMsMax,
  stkGreetingsPerReset,
  stkPageTriesMax,
  stkPassesMax,
  stkResetsMax,
} from './limits.ts';
import { type AvrPart, roomOf } from './parts.ts';

/** What the script wants done next. */
export type StkStep =
  /** Bring the microcontroller into its bootloader. What arrived before is of no interest. */
  | { readonly do: 'reset' }
  /** The answer is given to the script: its data; undefined when none came, or another one. */
  | { readonly do: 'ask'; readonly request: StkRequest; readonly answerMsMax: number }
  /** Let the line fall silent and forget what came. */
  | { readonly do: 'settle' }
  /** From here on the old program is gone. The answer is empty; undefined: it must not be. */
  | { readonly do: 'touch' }
  | { readonly do: 'progress'; readonly doneBytes: number; readonly totalBytes: number };

/**
 * timeout: nobody answers · wrong-part: another microcontroller · too-large · not-allowed: to destroy the old program ·
 * verify: the flash does not keep it.
 */
export type StkFailure = 'timeout' | 'wrong-part' | 'too-large' | 'not-allowed' | 'verify';

export interface StkWritten {
  readonly pagesWritten: number;
  /** Were right already. */
  readonly pagesKept: number;
}

export interface StkFault {
  readonly reason: StkFailure;
  readonly detail: string;
}

export interface StkOptions {
  readonly part: AvrPart;
  /** A flashing was cut: pages that are right already are left as they are. */
  readonly isResumed: boolean;
}

type Answer = Uint8Array | undefined;
type Script<Value> = Generator<StkStep, Value, Answer>;

/**
 * Writes a program and reads every page back. The first page, which has the reset vector, is written first as an endless
 * loop and last as what it shall be: a program that is there in part never runs, whenever the line is cut or the power
 * fails; its pins stay inputs until it is flashed again. The bootloader stays as it is. The address of a page has no
 * checksum on the line, so a page can go over another one that was right: all are read again until none had to be written.
 */
export function* stkScript(image: FlashImage, { part, isResumed }: StkOptions): Script<Result<StkWritten, StkFault>> {
  const room = roomOf(part);
  if (image.length > room) {
    return failed('too-large', `${image.length} bytes; the ${part.name} has room for ${room} below its bootloader`);
  }
  if (!(yield* enter())) return failed('timeout', noBootloader);
  const signature = yield* ask(readSignature);
  if (signature === undefined) return failed('timeout', 'the bootloader does not tell its signature');
  const found = signature.reduce((number, byte) => number * 256 + byte, 0);
  if (found !== part.signature) {
    return failed('wrong-part', `it has the signature ${hex(found)}; the ${part.name} has ${hex(part.signature)}`);
  }
  const pages = pagesOf(image, part.pageBytes);
  const [first, ...rest] = pages;
  if (first === undefined) return failed('too-large', 'the image is empty');
  const loop = { address: 0, data: endlessLoop(part.pageBytes) };
  let pagesKept = 0;
  let doneBytes = 0;
  if ((yield { do: 'touch' }) === undefined) return failed('not-allowed', 'nothing was written');
  for (let passes = 0; passes < stkPassesMax; passes += 1) {
    let isClean = true;
    for (const page of [loop, ...rest]) {
      const writes = yield* keepOrWrite(page, isResumed || passes > 0);
      if (!writes.ok) return writes;
      if (writes.value > 0) isClean = false;
      if (passes > 0) continue;
      if (writes.value === 0) pagesKept += 1;
      if (page !== loop) doneBytes += page.data.length;
      yield { do: 'progress', doneBytes, totalBytes: image.length };
    }
    if (!isClean) continue;
    const writes = yield* keepOrWrite(first, false);
    if (!writes.ok) return writes;
    if (writes.value > 1) continue; // Once it may have gone over another page.
    yield { do: 'progress', doneBytes: image.length, totalBytes: image.length };
    // A lost answer to the farewell is no harm: the bootloader gives up by itself a second later.
    yield* ask(leave);
    return ok({ pagesWritten: pages.length + 1 - pagesKept, pagesKept });
  }
  return failed('timeout', `after ${stkPassesMax} passes there are still pages that do not stay as they were written`);
}

const noBootloader = `no bootloader answers after ${stkResetsMax} resets; check the reset line (\`reset\`), the baud rate and that nothing else drives the line`;

/** From reset to greeted. */
function* enter(): Script<boolean> {
  for (let resets = 0; resets < stkResetsMax; resets += 1) {
    yield { do: 'reset' };
    for (let greetings = 0; greetings < stkGreetingsPerReset; greetings += 1) {
      const answer = yield* ask(greet, stkGreetAnswerMsMax);
      if (answer === undefined) continue;
      yield { do: 'settle' };
      return true;
    }
  }
  return false;
}

interface Page {
  readonly address: number;
  readonly data: Uint8Array;
}

/** How often it was written; 0: it was right already. A page that is not answered for is begun again, from a reset on. */
function* keepOrWrite(page: Page, isKeptIfRight: boolean): Script<Result<number, StkFault>> {
  let reason: StkFailure = 'timeout';
  let writesCount = 0;
  for (let tries = 0; tries < stkPageTriesMax; tries += 1) {
    if (tries > 0 && !(yield* enter())) return failed('timeout', noBootloader);
    if (isKeptIfRight) {
      const isHeld = (yield* holds(page)) || (yield* holds(page)); // It may have been another page that was read.
      if (isHeld === true) return ok(writesCount);
      if (isHeld === undefined) continue;
    }
    writesCount += 1;
    if ((yield* write(page)) === undefined) continue;
    const isRight = yield* holds(page);
    if (isRight === true) return ok(writesCount);
    reason = isRight === false ? 'verify' : 'timeout';
  }
  const what = reason === 'verify' ? 'reads back other than it was written' : 'could not be written';
  return failed(reason, `the page at ${hex(page.address)} ${what}, ${stkPageTriesMax} times`);
}

function* write({ address, data }: Page): Script<Answer> {
  if ((yield* ask(loadAddress(address))) === undefined) return undefined;
  return yield* ask(programPage(data));
}

/** Undefined: no answer. */
function* holds({ address, data }: Page): Script<boolean | undefined> {
  if ((yield* ask(loadAddress(address))) === undefined) return undefined;
  const found = yield* ask(readPage(data.length));
  return found === undefined ? undefined : found.every((byte, at) => byte === data[at]);
}

function* ask(request: StkRequest, answerMsMax = stkAnswerMsMax): Script<Answer> {
  return yield { do: 'ask', request, answerMsMax };
}

/** Whole pages, filled up with what erased flash has. */
function pagesOf(image: FlashImage, pageBytes: number): Page[] {
  const pages: Page[] = [];
  for (let address = 0; address < image.length; address += pageBytes) {
    const data = new Uint8Array(pageBytes).fill(0xff);
    data.set(image.subarray(address, address + pageBytes));
    pages.push({ address, data });
  }
  return pages;
}

/** `rjmp .-2` in every word, so that whatever jumps here stays here. */
function endlessLoop(pageBytes: number): Uint8Array {
  return Uint8Array.from({ length: pageBytes }, (_, at) => (at % 2 === 0 ? 0xff : 0xcf));
}

function failed(reason: StkFailure, detail: string): Result<never, StkFault> {
  return fail({ reason, detail });
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
