/** Undefined: the text is not JSON, or half of it; the caller says what that means. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
