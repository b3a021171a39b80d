/*
 * STK500 version 1, as far as optiboot speaks it (Atmel AVR061). A request ends with 0x20, an answer is 0x14, data, 0x10.
 *
 *   greet          30 20                       -> 14 10
 *   signature      75 20                       -> 14 s1 s2 s3 10
 *   load address   55 low high 20              -> 14 10         in words
 *   program page   64 high low 46 data.. 20    -> 14 10         length in bytes, 46 is `F` for flash
 *   read page      74 high low 46 20           -> 14 data.. 10
 *   leave          51 20                       -> 14 10
 */
export const stkInSync = 0x14;
export const stkOk = 0x10;
const end = 0x20;
const flash = 0x46;

export interface StkRequest {
  readonly bytes: Uint8Array;
  /** Data between the two marks of the answer. */
  readonly answerBytes: number;
}

export const greet: StkRequest = { bytes: Uint8Array.of(0x30, end), answerBytes: 0 };
export const readSignature: StkRequest = { bytes: Uint8Array.of(0x75, end), answerBytes: 3 };
export const leave: StkRequest = { bytes: Uint8Array.of(0x51, end), answerBytes: 0 };

export function loadAddress(byteAddress: number): StkRequest {
  const word = byteAddress >> 1;
  return { bytes: Uint8Array.of(0x55, word & 0xff, word >> 8, end), answerBytes: 0 };
}

export function programPage(data: Uint8Array): StkRequest {
  return { bytes: Uint8Array.of(0x64, data.length >> 8, data.length & 0xff, flash, ...data, end), answerBytes: 0 };
}

export function readPage(count: number): StkRequest {
  return { bytes: Uint8Array.of(0x74, count >> 8, count & 0xff, flash, end), answerBytes: count };
}
