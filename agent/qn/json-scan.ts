import { messageDepthMax } from '../limits.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Deepest nesting found, or the offset of the bracket that goes beyond the limit. */
export type DepthScan = { readonly depth: number } | { readonly tooDeepAt: number };

/**
 * Counts brackets outside of strings, before the parser spends anything on them. It checks nothing else: what it calls
 * fine may still be no JSON. Works on bytes because no byte of a longer UTF-8 sequence looks like a bracket or quote.
 */
export function scanJsonDepth(bytes: Uint8Array): DepthScan {
  let level = 0;
  let depth = 0;
  let isInString = false;
  for (let offset = 0; offset < bytes.length; offset += 1) {
    const byte = bytes[offset];
    if (isInString) {
      if (byte === backslash) offset += 1;
      else if (byte === quote) isInString = false;
    } else if (byte === quote) {
      isInString = true;
    } else if (byte === openBrace || byte === openBracket) {
      level += 1;
      if (level > messageDepthMax) return { tooDeepAt: offset }; // QN-3.5
      if (level > depth) depth = level;
    } else if (byte === closeBrace || byte === closeBracket) {
      level -= 1;
    }
  }
  return { depth };
}
