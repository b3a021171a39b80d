import { isUtf8 } from 'node:buffer';
import { messageDepthMax } from '../limits.ts';

/** Where and why bytes are no CBOR we take. */
export interface CborFault {
  readonly offset: number;
  readonly detail: string;
}

/** What the scan learnt about a sound item. */
export interface CborShape {
  /** Deepest nesting of arrays and maps. */
  readonly depth: number;
  /** Entries the outermost map claims; fewer keys than that after decoding means that one came twice. */
  readonly entriesCount?: number;
  /** The outermost map has a key that is an integer. */
  readonly hasIntegerKey: boolean;
}

interface Scan {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  depth: number;
  entriesCount?: number;
  hasIntegerKey: boolean;
}

/** Initial byte and argument of an item; `end` is the offset behind them. */
interface Head {
  readonly major: number;
  readonly info: number;
  /** Counts and lengths; above 2^53 rounded, which no comparison with what is left notices. */
  readonly argument: number;
  readonly end: number;
}

type Step = number | CborFault;

/**
 * Exactly one item of RFC 8949 within the limits of QN-3.5, checked without decoding or allocating anything: every
 * length lies within the bytes that are left, lengths are definite, text is UTF-8, floats are finite, there are no tags,
 * and keys are text, or integers in the outermost map.
 */
export function scanCbor(bytes: Uint8Array): CborShape | CborFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scan: Scan = { bytes, view, depth: 0, hasIntegerKey: false };
  const end = scanItem(scan, 0, 1);
  if (typeof end !== 'number') return end;
  if (end !== bytes.length) return fault(end, `${bytes.length - end} bytes behind the end of the item`);
  return scan;
}

function fault(offset: number, detail: string): CborFault {
  return { offset, detail };
}

function scanItem(scan: Scan, offset: number, level: number): Step {
  const head = readHead(scan, offset);
  if (!('major' in head)) return head;
  switch (head.major) {
    case 0:
    case 1:
      return head.end;
    case 2:
    case 3:
      return scanString(scan, head, offset);
    case 4:
      return scanArray(scan, head, offset, level);
    case 5:
      return scanMap(scan, head, offset, level);
    case 6:
      return fault(offset, 'tags are not taken, except 55799 in front of the message');
    default:
      return scanSimple(scan, head, offset);
  }
}

function readHead({ bytes, view }: Scan, offset: number): Head | CborFault {
  const first = bytes[offset];
  if (first === undefined) return fault(offset, 'the item ends too early');
  const major = first >> 5;
  const info = first & 0x1f;
  const start = offset + 1;
  if (info < 24) return { major, info, argument: info, end: start };
  if (info === 31) return fault(offset, 'indefinite length: send definite lengths');
  if (info > 27) return fault(offset, `reserved initial byte 0x${first.toString(16)}`);
  const end = start + 2 ** (info - 24);
  if (end > bytes.length) return fault(offset, 'the item ends too early');
  return { major, info, argument: readArgument(view, start, info), end };
}

function readArgument(view: DataView, start: number, info: number): number {
  if (info === 24) return view.getUint8(start);
  if (info === 25) return view.getUint16(start);
  if (info === 26) return view.getUint32(start);
  return view.getUint32(start) * 2 ** 32 + view.getUint32(start + 4);
}

const mark = [0xef, 0xbb, 0xbf] as const;

function scanString({ bytes }: Scan, { major, argument, end }: Head, offset: number): Step {
  if (argument > bytes.length - end)
    return fault(offset, `a length of ${argument} with ${bytes.length - end} bytes left`);
  const after = end + argument;
  if (major === 2) return after;
  if (!isUtf8(bytes.subarray(end, after))) return fault(offset, 'text is not UTF-8');
  // The decoder behind this scan drops a byte order mark from some texts; refusing is better than changing.
  const hasMark = argument >= mark.length && mark.every((byte, index) => bytes[end + index] === byte);
  return hasMark ? fault(offset, 'text begins with a byte order mark: leave it out') : after;
}

function scanArray(scan: Scan, { argument, end }: Head, offset: number, level: number): Step {
  const refused = enter(scan, offset, level, argument, scan.bytes.length - end);
  if (refused !== undefined) return refused;
  let next: Step = end;
  for (let count = 0; count < argument && typeof next === 'number'; count += 1) next = scanItem(scan, next, level + 1);
  return next;
}

function scanMap(scan: Scan, { argument, end }: Head, offset: number, level: number): Step {
  const refused = enter(scan, offset, level, argument, (scan.bytes.length - end) / 2);
  if (refused !== undefined) return refused;
  if (level === 1) scan.entriesCount = argument;
  let next: Step = end;
  for (let count = 0; count < argument && typeof next === 'number'; count += 1) {
    next = scanKey(scan, next, level);
    if (typeof next === 'number') next = scanItem(scan, next, level + 1);
  }
  return next;
}

/** Depth, and that a count fits: every item takes one byte at least. */
function enter(scan: Scan, offset: number, level: number, count: number, countMax: number): CborFault | undefined {
  if (level > messageDepthMax) return fault(offset, `nested deeper than ${messageDepthMax} levels`); // QN-3.5
  if (count > countMax) return fault(offset, `a count of ${count} with room for ${Math.floor(countMax)}`);
  scan.depth = Math.max(scan.depth, level);
  return undefined;
}

function scanKey(scan: Scan, offset: number, level: number): Step {
  const head = readHead(scan, offset);
  if (!('major' in head)) return head;
  if (head.major === 3) return scanString(scan, head, offset);
  if (level > 1 || head.major > 1)
    return fault(offset, level > 1 ? 'a key is not text' : 'a key is neither text nor integer');
  if (head.argument >= Number.MAX_SAFE_INTEGER) return fault(offset, 'a key beyond ±2^53');
  scan.hasIntegerKey = true;
  return head.end;
}

function scanSimple({ view }: Scan, { info, argument, end }: Head, offset: number): Step {
  if (info < 25) {
    const isKnown = info < 24 && argument >= 20 && argument <= 22;
    return isKnown ? end : fault(offset, 'a simple value other than false, true and null');
  }
  return isFiniteFloat(view, offset + 1, info) ? end : fault(offset, 'a float that is not finite');
}

function isFiniteFloat(view: DataView, start: number, info: number): boolean {
  if (info === 25) return (view.getUint16(start) & 0x7c00) !== 0x7c00;
  return Number.isFinite(info === 26 ? view.getFloat32(start) : view.getFloat64(start));
}
