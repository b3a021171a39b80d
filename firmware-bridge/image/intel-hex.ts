import { fail, ok, type Result } from '../../drivers/contract/result.ts';

/** Bytes for the flash of a microcontroller from address 0 on; what a file leaves out is 0xff, as erased flash is. */
export type FlashImage = Uint8Array;

/** An editor may have put it in front of a text: the mark of UTF-8. */
const mark = /^\xef\xbb\xbf/;
const erased = 0xff;
/** A page that a server sent instead, S-records: no program for an AVR begins so, its vectors are `jmp` (0x94) or `rjmp` (0xc0). */
const otherText = /^[\t\r\n -~]{4}/;

/** Intel HEX or a raw image, told apart by how it begins: no program for an AVR begins with a colon (0x3a is in no vector). */
export function readImage(file: Uint8Array, bytesMax: number): Result<FlashImage, string> {
  const text = Buffer.from(file).toString('latin1').replace(mark, '');
  if (/^[\t\r\n ]*:/.test(text)) return parseIntelHex(text, bytesMax);
  if (text.startsWith('\x7fELF')) return fail('it is an ELF file; make Intel HEX of it with avr-objcopy -O ihex');
  if (file.length === 0) return fail('the file is empty');
  if (otherText.test(text)) return fail('it is a text, and no Intel HEX, which begins with a colon');
  if (file.length > bytesMax) return fail(`${file.length} bytes; there is room for ${bytesMax}`);
  return ok(file);
}

interface Draft {
  readonly bytes: Uint8Array;
  readonly isWritten: Uint8Array;
  end: number;
  /** Of the segment or the upper half that was told last. */
  base: number;
}

/**
 * Intel HEX (Hexadecimal Object File Format Specification, revision A). Every record is checked: form, checksum, address
 * below `bytesMax`, no byte said twice. The start addresses (03, 05) are read over. The error is one sentence with the line.
 */
export function parseIntelHex(text: string, bytesMax: number): Result<FlashImage, string> {
  const bytes = new Uint8Array(bytesMax).fill(erased);
  const draft: Draft = { bytes, isWritten: new Uint8Array(bytesMax), end: 0, base: 0 };
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const taken = takeRecord(draft, line.trim(), bytesMax);
    if (!taken.ok) return fail(`line ${index + 1}: ${taken.error}`);
    if (taken.value === 'more') continue;
    if (draft.end === 0) return fail('there is no byte of data in it');
    return ok(draft.bytes.slice(0, draft.end));
  }
  return fail('it ends without an end record (:00000001FF); the file is cut short');
}

function takeRecord(draft: Draft, line: string, bytesMax: number): Result<'more' | 'end', string> {
  const record = recordOf(line);
  if (record === undefined) return fail('no record of Intel HEX');
  if (record.reduce((sum, byte) => sum + byte, 0) % 256 !== 0) return fail('the checksum does not fit');
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const data = record.subarray(4, -1);
  const type = view.getUint8(3);
  switch (type) {
    case 0:
      return write(draft, draft.base + view.getUint16(1), data, bytesMax);
    case 1:
      return ok('end');
    case 2:
    case 4:
      if (data.length !== 2) return fail(`a record of type ${type} has 2 bytes, not ${data.length}`);
      draft.base = view.getUint16(4) * (type === 2 ? 16 : 65_536);
      return ok('more');
    case 3:
    case 5:
      return ok('more');
    default:
      return fail(`records of type ${type} are not known`);
  }
}

/** Undefined when it is none, or its length is not what it says. */
function recordOf(line: string): Uint8Array | undefined {
  if (!/^:(?:[0-9a-fA-F]{2}){5,260}$/.test(line)) return undefined;
  const bytes = Uint8Array.from(Buffer.from(line.slice(1), 'hex'));
  return bytes.length === (bytes[0] ?? 0) + 5 ? bytes : undefined;
}

function write(draft: Draft, address: number, data: Uint8Array, bytesMax: number): Result<'more', string> {
  const end = address + data.length;
  if (end > bytesMax) return fail(`address 0x${address.toString(16)} is beyond the ${bytesMax} bytes there are`);
  if (draft.isWritten.subarray(address, end).includes(1))
    return fail(`address 0x${address.toString(16)} is said twice`);
  draft.isWritten.fill(1, address, end);
  draft.bytes.set(data, address);
  draft.end = Math.max(draft.end, end);
  return ok('more');
}
